import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input, InputNumber, Modal, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addSource, revokeKeys, rotateKey, sourcesQuery, type Source } from '@/api/sources';
import { useMayPublish } from '@/parts/DefinitionLinks';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Failed, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Quarantine } from './Quarantine';

const tone = { connected: 'good', not_connected: '', revoked: 'bad' } as const;
const overlapHours = 24;

interface Wish {
  name: string;
  user_id?: string;
  events?: string;
  keys?: string;
  rate?: number | null;
}

const words = (text?: string) => (text ?? '').split(/[\s,]+/).filter(Boolean);

/** Sources are who sends over HTTP: whether they are connected, their write keys, and what of theirs was not taken. */
export function Sources() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const may = useMayPublish();
  const query = useQuery(sourcesQuery());
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<{ source: string; write_key: string }>();
  const [chosen, setChosen] = useState<{ source: Source; act: 'rotate' | 'revoke' }>();
  const [form] = Form.useForm<Wish>();
  const again = () => void client.invalidateQueries({ queryKey: ['sources'] });
  const add = useMutation({
    mutationFn: (w: Wish) => addSource({ name: w.name.trim(), events: words(w.events), keys: words(w.keys), ...(w.user_id ? { user_id: w.user_id.trim() } : {}), rate: w.rate ?? 0 }),
    onSuccess: (made) => {
      setAdding(false);
      form.resetFields();
      setSecret(made);
      again();
    },
  });
  const change = useMutation({
    mutationFn: async (c: { source: Source; act: 'rotate' | 'revoke' }) => (c.act === 'rotate' ? await rotateKey(c.source.name, overlapHours) : (await revokeKeys(c.source.name), undefined)),
    onSuccess: (made) => {
      setChosen(undefined);
      if (made) setSecret(made);
      again();
    },
  });
  const state = (s: Source) => <span className={`kind ${tone[s.state]}`}>{t(`sources.state.${s.state}`)}</span>;
  const acts = (s: Source) =>
    may ? (
      <span className="actions">
        <Button size="small" onClick={() => setChosen({ source: s, act: 'rotate' })} aria-label={t('sources.rotate_of', { name: s.name })}>
          {t('sources.rotate')}
        </Button>
        {s.state !== 'revoked' ? (
          <Button size="small" danger onClick={() => setChosen({ source: s, act: 'revoke' })} aria-label={t('sources.revoke_of', { name: s.name })}>
            {t('sources.revoke')}
          </Button>
        ) : null}
      </span>
    ) : null;
  const keys = (s: Source) =>
    s.write_keys.map((k) => (
      <div key={k.ending + k.created_at} className="muted small nowrap">
        {k.expires_at ? t('sources.key_until', { ending: k.ending, at: f.dateTime(k.expires_at) }) : t('sources.key', { ending: k.ending })}
      </div>
    ));
  const columns: Column<Source>[] = [
    {
      key: 'name',
      title: t('sources.name'),
      render: (s) => (
        <div className="two-lines">
          <b className="strong">{s.name}</b>
          <span className="muted small">{[s.events.join(', '), s.keys.join(', '), s.rate ? t('sources.at_most', { n: f.count(s.rate) }) : ''].filter(Boolean).join(' · ')}</span>
        </div>
      ),
    },
    { key: 'state', title: t('sources.state'), render: state },
    { key: 'keys', title: t('sources.keys'), render: keys },
    { key: 'last', title: t('sources.last'), render: (s) => <span className="nowrap">{s.last_at ? f.dateTime(s.last_at) : '–'}</span> },
    { key: 'accepted', title: t('sources.accepted'), right: true, render: (s) => f.count(s.accepted) },
    { key: 'repeated', title: t('sources.repeated'), right: true, render: (s) => f.count(s.repeated) },
    { key: 'quarantined', title: t('sources.quarantined'), right: true, render: (s) => f.count(s.quarantined) },
    { key: 'acts', title: <span className="sr">{t('sources.acts')}</span>, render: acts },
  ];
  return (
    <>
      <Head
        title={t('sources.title')}
        text={t('sources.text')}
        actions={
          may ? (
            <Button type="primary" onClick={() => setAdding(true)}>
              {t('sources.add')}
            </Button>
          ) : undefined
        }
      />
      <section className="card flush-top">
        <Loaded query={query} bones={<Bones rows={4} height={26} />}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={t('sources.none')} text={t('sources.none_text')} icon="imports" />
            ) : (
              <List
                label={t('sources.title')}
                rows={rows}
                columns={columns}
                rowKey={(s) => s.name}
                card={(s) => (
                  <div className="segment-card">
                    <div className="spread">
                      <b className="strong">{s.name}</b>
                      {state(s)}
                    </div>
                    {keys(s)}
                    <dl className="counts">
                      {columns.slice(3, 7).map((c) => (
                        <div key={c.key}>
                          <dt>{c.title}</dt>
                          <dd className="num">{c.render(s, 0)}</dd>
                        </div>
                      ))}
                    </dl>
                    {acts(s)}
                  </div>
                )}
              />
            )
          }
        </Loaded>
      </section>
      {may ? <Quarantine /> : null}
      <Modal
        open={adding}
        title={t('sources.add')}
        okText={t('sources.add')}
        cancelText={t('confirm.cancel')}
        confirmLoading={add.isPending}
        onOk={() => form.submit()}
        onCancel={() => {
          add.reset();
          setAdding(false);
        }}
      >
        {add.isError ? <Failed error={add.error} /> : null}
        <Form form={form} layout="vertical" onFinish={(w: Wish) => add.mutate(w)}>
          <Form.Item name="name" label={t('sources.name')} rules={[{ required: true, message: t('sources.name_needed') }]}>
            <Input autoComplete="off" placeholder="shop_app" />
          </Form.Item>
          <Form.Item name="user_id" label={t('sources.user_id')}>
            <Input autoComplete="off" placeholder="user_id" />
          </Form.Item>
          <Form.Item name="events" label={t('sources.events')}>
            <Input autoComplete="off" placeholder="order_paid, shop_*" />
          </Form.Item>
          <Form.Item name="keys" label={t('sources.namespaces')}>
            <Input autoComplete="off" placeholder="user_id, anonymous_id, phone" />
          </Form.Item>
          <Form.Item name="rate" label={t('sources.rate')}>
            <InputNumber min={0} precision={0} style={{ width: '100%' }} />
          </Form.Item>
        </Form>
      </Modal>
      <Modal
        open={!!chosen}
        title={chosen ? t(`sources.confirm.${chosen.act}`, { name: chosen.source.name }) : ''}
        okText={chosen ? t(`sources.${chosen.act}`) : ''}
        okButtonProps={{ danger: chosen?.act === 'revoke' }}
        cancelText={t('confirm.cancel')}
        confirmLoading={change.isPending}
        onOk={() => chosen && change.mutate(chosen)}
        onCancel={() => {
          change.reset();
          setChosen(undefined);
        }}
      >
        {change.isError ? <Failed error={change.error} /> : null}
        <p>{chosen ? t(`sources.confirm_text.${chosen.act}`, { n: overlapHours }) : ''}</p>
      </Modal>
      <Modal open={!!secret} title={t('sources.secret', { name: secret?.source ?? '' })} footer={<Button onClick={() => setSecret(undefined)}>{t('sources.secret_done')}</Button>} onCancel={() => setSecret(undefined)}>
        <p>{t('sources.secret_text')}</p>
        <Typography.Paragraph code copyable={{ text: secret?.write_key ?? '' }}>
          {secret?.write_key}
        </Typography.Paragraph>
      </Modal>
    </>
  );
}
