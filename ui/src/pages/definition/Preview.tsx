import { Link } from '@tanstack/react-router';
import { Button, Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import type { CustomerBrief, PlanInfo, PlanItem } from '@/api/definitions';
import { useText } from '@/i18n';
import { Icon } from '@/parts/Icon';
import { LevelChip } from '@/parts/Level';
import { Card } from '@/parts/Page';
import { Failed } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { hasPage } from './kinds';

interface PreviewProps {
  plan: PlanInfo;
  stale: boolean; // it is no longer what applying would do
  why: 'edited' | 'outdated';
  problem: unknown;
  again: () => void;
  againDisabled: boolean;
  publish?: () => void; // none where nothing would change
}

/** Preview is whom publishing would move, and the button that does it. */
export function Preview({ plan, stale, why, problem, again, againDisabled, publish }: PreviewProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const changing = plan.definitions.filter((d) => d.change !== 'same');
  return (
    <Card
      className="preview"
      title={
        <>
          {t('preview.title')} <span className="kind good">{t('preview.exact')}</span>
        </>
      }
      note={t('preview.note', { at: f.dateTime(plan.as_of) })}
      end={
        stale ? (
          <Button onClick={again} disabled={againDisabled}>
            {t('preview.again')}
          </Button>
        ) : publish ? (
          <Button type="primary" onClick={publish}>
            {t('preview.publish')}
          </Button>
        ) : null
      }
    >
      <div className="stack">
        {stale ? (
          <div className="asof" role="status">
            <Icon name="warn" size={16} />
            <span>{t(why === 'outdated' ? 'preview.outdated' : 'preview.edited')}</span>
          </div>
        ) : null}
        {problem ? <Failed error={problem} /> : null}
        {changing.length === 0 ? <p className="muted">{t('preview.nothing')}</p> : null}
        <div className={stale ? 'plan stale' : 'plan'}>
          {changing.map((d) => (
            <Item key={`${d.kind}/${d.name}`} item={d} />
          ))}
          {plan.affected.length > 0 ? (
            <>
              <h3 className="plan-title">{t('preview.affected')}</h3>
              {plan.affected.map((d) => (
                <Item key={`${d.kind}/${d.name}`} item={d} />
              ))}
            </>
          ) : null}
        </div>
      </div>
    </Card>
  );
}

function Item({ item: d }: { item: PlanItem }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  return (
    <section className="plan-item">
      <h3>
        <span className="muted">{t(`kind.${d.kind}`)}</span> {text(d.title)}
        <span className={d.change === 'create' ? 'kind good' : d.change === 'update' ? 'kind busy' : 'kind'}>{t(`change.${d.change}`)}</span>
      </h3>
      {hasPage(d.kind) ? (
        <>
          <dl className="plan-counts">
            <div>
              <dt>{t(`preview.count.${d.kind}`)}</dt>
              <dd className="num">
                {f.count(d.before)} <Icon name="arrow" size={14} /> <span className="sr">{t('preview.to')}</span>
                <b>{f.count(d.after)}</b>
              </dd>
            </div>
            <div>
              <dt>{t('preview.enter')}</dt>
              <dd className={d.enter > 0 ? 'num enter' : 'num muted'}>{f.signed(d.enter)}</dd>
            </div>
            <div>
              <dt>{t('preview.leave')}</dt>
              <dd className={d.leave > 0 ? 'num leave' : 'num muted'}>{d.leave > 0 ? f.signed(-d.leave) : f.count(0)}</dd>
            </div>
            {d.kind !== 'segment' ? (
              <div>
                <dt>{t(d.kind === 'tag' ? 'preview.changed' : 'preview.moved')}</dt>
                <dd className="num">{f.count(d.changed)}</dd>
              </div>
            ) : null}
          </dl>
          <Names words={t('preview.entered')} people={d.entered} all={d.enter} />
          <Names words={t('preview.left')} people={d.left} all={d.leave} />
          {d.moves.length > 0 ? <Moves item={d} /> : null}
        </>
      ) : null}
    </section>
  );
}

function Names({ words, people, all }: { words: string; people: CustomerBrief[]; all: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (people.length === 0) return null;
  return (
    <p className="plan-people">
      <span className="muted">{words}</span>
      {people.map((p) => (
        <Link key={p.id} to="/customers/$id" params={{ id: p.id }} target="_blank" className="chip">
          {p.name || p.id}
          <small className="muted num">{p.name ? p.id : ''}</small>
        </Link>
      ))}
      {all > people.length ? <span className="muted">{t('preview.more', { n: f.count(all - people.length) })}</span> : null}
    </p>
  );
}

const MOST_MOVES = 12;

function Moves({ item }: { item: PlanItem }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="plan-moves" aria-label={t('preview.moves')}>
      {item.moves.slice(0, MOST_MOVES).map((m) => (
        <li key={`${m.from}/${m.to}`}>
          <b className="num">{f.count(m.count)}</b>
          <LevelChip id={m.from} name={m.from_name} small />
          <Icon name="arrow" size={14} />
          <span className="sr">{t('preview.to')}</span>
          <LevelChip id={m.to} name={m.to_name} small />
        </li>
      ))}
      {item.moves.length > MOST_MOVES ? <li className="muted">{t('preview.more_moves', { n: f.count(item.moves.length - MOST_MOVES) })}</li> : null}
    </ul>
  );
}

interface ConfirmProps {
  open: boolean;
  plan: PlanInfo;
  busy: boolean;
  cancel: () => void;
  publish: () => void;
}

/** Confirm asks once more, with the numbers. */
export function Confirm({ open, plan, busy, cancel, publish }: ConfirmProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const changing = plan.definitions.filter((d) => d.change !== 'same');
  return (
    <Modal
      open={open}
      title={t('confirm.title', { count: changing.length, n: f.count(changing.length) })}
      okText={t('confirm.publish')}
      cancelText={t('confirm.cancel')}
      confirmLoading={busy}
      onOk={publish}
      onCancel={cancel}
    >
      <ul className="confirm">
        {[...changing, ...plan.affected].map((d) => (
          <li key={`${d.kind}/${d.name}`}>
            <strong>{text(d.title)}</strong>
            {hasPage(d.kind) ? (
              <span className="num">{t('confirm.counts', { before: f.count(d.before), after: f.count(d.after), enter: f.count(d.enter), leave: f.count(d.leave) })}</span>
            ) : (
              <span>{t(`change.${d.change}`)}</span>
            )}
          </li>
        ))}
      </ul>
      <p className="muted">{t('confirm.text')}</p>
    </Modal>
  );
}
