import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Modal, Select } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { calibrate, calibrationQuery, previewCalibration, setSchedule, type CutKind, type Every, type Recalibration } from '@/api/calibration';
import { useMayPublish } from './DefinitionLinks';
import { Icon } from './Icon';
import { LevelChip } from './Level';
import { Bones, Failed } from './State';
import { useText } from '@/i18n';
import { useFormat } from './context';

/** Recalibrate says when cut points are made anew, and lets those who may do it now or by schedule. */
export function Recalibrate({ kind, name }: { kind: CutKind; name: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayPublish = useMayPublish();
  const query = useQuery(calibrationQuery(kind, name));
  const [open, setOpen] = useState(false);
  const running = useRef<AbortController>(undefined);
  const preview = useMutation({
    mutationFn: () => {
      running.current = new AbortController();
      return previewCalibration(kind, name, running.current.signal);
    },
  });
  const close = () => {
    running.current?.abort();
    setOpen(false);
  };
  const store = useMutation({
    mutationFn: (at: string) => calibrate(kind, name, at),
    onSuccess: (made) => {
      setOpen(false);
      void message.success(t('calibration.done', { n: made.version }));
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' });
    },
  });
  const plan = useMutation({
    mutationFn: (every: Every) => setSchedule(kind, name, every),
    onSuccess: () => client.invalidateQueries({ queryKey: ['calibration', kind, name] }),
    onError: () => void message.error(t('error.internal')),
  });
  const d = query.data;
  if (!d) return null;
  const next = d.next_at ? t('calibration.next', { at: f.date(d.next_at) }) : t('calibration.by_hand');
  return (
    <div className="recalibrate">
      <span>{next}</span>
      {mayPublish ? (
        <>
          <Select
            size="small"
            aria-label={t('calibration.schedule')}
            value={plan.isPending ? plan.variables : d.every}
            options={(['none', 'month', 'quarter'] as const).map((e) => ({ value: e, label: t(`calibration.every.${e}`) }))}
            popupMatchSelectWidth={false}
            onChange={(e: Every) => plan.mutate(e)}
          />
          <Button
            size="small"
            onClick={() => {
              store.reset();
              preview.mutate();
              setOpen(true);
            }}
          >
            {t('calibration.again')}
          </Button>
          <Modal
            open={open}
            title={t('calibration.preview')}
            okText={t('calibration.confirm')}
            cancelText={t('confirm.cancel')}
            okButtonProps={{ disabled: !preview.data }}
            confirmLoading={store.isPending}
            onOk={() => preview.data && store.mutate(preview.data.as_of)}
            onCancel={close}
            width={600}
          >
            {store.isError ? <Failed error={store.error} /> : null}
            {preview.isError ? <Failed error={preview.error} retry={() => preview.mutate()} /> : preview.data ? <Difference kind={kind} of={preview.data} /> : <Bones rows={5} />}
          </Modal>
        </>
      ) : null}
    </div>
  );
}

function Difference({ kind, of: r }: { kind: CutKind; of: Recalibration }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const line = (cuts: number[] | null | undefined) => (cuts ?? []).map((v) => f.decimal(v)).join(' · ') || '–';
  const known = { recency: t('calibration.recency'), frequency: t('calibration.frequency'), monetary: t('calibration.monetary') };
  const partName = (part: string) => (part in known ? known[part as keyof typeof known] : t('calibration.part'));
  return (
    <div className="stack">
      <p>{t('calibration.moved', { n: f.count(r.changed), all: f.count(r.people) })}</p>
      <dl className="cuts">
        {Object.keys(r.new.cuts).map((part) => (
          <div key={part}>
            <dt>{partName(part)}</dt>
            <dd>
              <span className="muted">{t('calibration.old', { at: f.date(r.old.at) })}</span>
              <span className="num">{line(r.old.cuts[part])}</span>
            </dd>
            <dd>
              <span className="muted">{t('calibration.new', { at: f.date(r.new.at) })}</span>
              <span className="num">{line(r.new.cuts[part])}</span>
            </dd>
          </div>
        ))}
      </dl>
      {r.moves.length > 0 ? (
        <ul className="plan-moves" aria-label={t('preview.moves')}>
          {r.moves.map((m) => (
            <li key={`${m.from}/${m.to}`}>
              <b className="num">{f.count(m.count)}</b>
              {kind === 'tier' ? <LevelChip id={m.from} name={m.from_name} small /> : <span>{text(m.from_name)}</span>}
              <Icon name="arrow" size={14} />
              <span className="sr">{t('preview.to')}</span>
              {kind === 'tier' ? <LevelChip id={m.to} name={m.to_name} small /> : <span>{text(m.to_name)}</span>}
            </li>
          ))}
        </ul>
      ) : null}
      <p className="muted">{t('calibration.note')}</p>
    </div>
  );
}
