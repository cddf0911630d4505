import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Modal, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { accept, discard, heldQuery, proposalsQuery, replay, type Chosen, type Proposal } from '@/api/sources';
import { Card } from '@/parts/Page';
import { Bones, Empty, Failed } from '@/parts/State';
import { useFormat } from '@/parts/context';

const types = ['text', 'id', 'number', 'money', 'float', 'boolean', 'date', 'time'] as const;
type Type = (typeof types)[number];

/** Quarantine is what sources sent and was not taken: what the catalogue lacks, and each call with its reason. */
export function Quarantine() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const held = useInfiniteQuery(heldQuery());
  const [dropping, setDropping] = useState<Chosen>();
  const again = () => {
    for (const key of ['quarantine', 'proposals', 'sources']) void client.invalidateQueries({ queryKey: [key] });
  };
  const take = useMutation({
    mutationFn: replay,
    onSuccess: (done) => {
      void message.info(t('quarantine.replayed', { taken: f.count(done.taken), remained: f.count(done.remained) }));
      again();
    },
  });
  const drop = useMutation({
    mutationFn: discard,
    onSuccess: (done) => {
      setDropping(undefined);
      void message.info(t('quarantine.discarded', { n: f.count(done.discarded) }));
      again();
    },
  });
  const calls = held.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <>
      <Proposals onAccepted={again} />
      <Card
        title={t('quarantine.title')}
        note={t('quarantine.text')}
        end={
          calls.length > 0 ? (
            <span className="actions">
              <Button size="small" loading={take.isPending} onClick={() => take.mutate({ all: true })}>
                {t('quarantine.replay_all')}
              </Button>
              <Button size="small" danger onClick={() => setDropping({ all: true })}>
                {t('quarantine.discard_all')}
              </Button>
            </span>
          ) : undefined
        }
      >
        {take.isError ? <Failed error={take.error} /> : null}
        {held.isError ? <Failed error={held.error} retry={() => void held.refetch()} /> : held.isPending ? <Bones rows={4} /> : calls.length === 0 ? <Empty title={t('quarantine.none')} icon="check" /> : null}
        <ol className="refused">
          {calls.map((c) => (
            <li key={c.number}>
              <p>
                <span className="kind num">#{c.number}</span> <b className="strong">{c.event}</b> <span className="muted small">{t('quarantine.of', { source: c.source, at: f.dateTime(c.at) })}</span>
              </p>
              <p>
                {c.field ? <code>{c.field}</code> : null} <span className="strong">{c.reason}</span>
              </p>
              {c.hint ? <p className="muted small">{c.hint}</p> : null}
              <pre tabIndex={0} aria-label={t('quarantine.raw', { n: c.number })}>
                {c.raw}
              </pre>
              <span className="actions">
                <Button size="small" onClick={() => take.mutate({ numbers: [c.number] })} aria-label={t('quarantine.replay_one', { n: c.number })}>
                  {t('quarantine.replay')}
                </Button>
                <Button size="small" danger onClick={() => setDropping({ numbers: [c.number] })} aria-label={t('quarantine.discard_one', { n: c.number })}>
                  {t('quarantine.discard')}
                </Button>
              </span>
            </li>
          ))}
        </ol>
        {held.hasNextPage ? (
          <Button block loading={held.isFetchingNextPage} onClick={() => void held.fetchNextPage()}>
            {t('list.more')}
          </Button>
        ) : null}
      </Card>
      <Modal
        open={!!dropping}
        title={t('quarantine.confirm')}
        okText={t('quarantine.discard')}
        okButtonProps={{ danger: true }}
        cancelText={t('confirm.cancel')}
        confirmLoading={drop.isPending}
        onOk={() => dropping && drop.mutate(dropping)}
        onCancel={() => setDropping(undefined)}
      >
        {drop.isError ? <Failed error={drop.error} /> : null}
        <p>{t('quarantine.confirm_text')}</p>
      </Modal>
    </>
  );
}

function Proposals({ onAccepted }: { onAccepted: () => void }) {
  const { t } = useTranslation();
  const query = useQuery(proposalsQuery());
  if (!query.data || query.data.length === 0) return null;
  return (
    <Card title={t('proposals.title')} note={t('proposals.text')}>
      <ul className="refused">
        {query.data.map((p) => (
          <Offer key={p.name} of={p} onAccepted={onAccepted} />
        ))}
      </ul>
    </Card>
  );
}

function Offer({ of: p, onAccepted }: { of: Proposal; onAccepted: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [type, setType] = useState(p.type);
  const add = useMutation({ mutationFn: () => accept(p.name, type === p.type ? undefined : type), onSuccess: onAccepted });
  return (
    <li>
      <p>
        <code>{p.name}</code> <span className="muted small">{t('proposals.seen', { n: f.count(p.count), source: p.source, at: f.dateTime(p.last_at) })}</span>
      </p>
      {p.other.length > 0 ? <p className="muted small">{t('proposals.other', { types: p.other.map((o) => t(`proposals.type.${o as Type}`)).join(', ') })}</p> : null}
      {add.isError ? <Failed error={add.error} /> : null}
      <span className="actions">
        {p.type && !p.many ? (
          <Select size="small" aria-label={t('proposals.type_of', { name: p.name })} value={type} onChange={setType} popupMatchSelectWidth={false} options={types.map((x) => ({ value: x, label: t(`proposals.type.${x}`) }))} />
        ) : null}
        <Button size="small" loading={add.isPending} onClick={() => add.mutate()} aria-label={t('proposals.accept_one', { name: p.name })}>
          {t('proposals.accept')}
        </Button>
      </span>
    </li>
  );
}
