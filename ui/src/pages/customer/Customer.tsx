import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CustomerDetail } from '@/api/types';
import { customerQuery, historyQuery } from '@/api/queries';
import { useText } from '@/i18n';
import { ChangeList } from '@/parts/Changes';
import { Initial } from '@/parts/CustomerList';
import { Icon } from '@/parts/Icon';
import { LevelChip, useLevelName } from '@/parts/Level';
import { Card } from '@/parts/Page';
import { Empty, Loaded, PageBones } from '@/parts/State';
import { useFormat, usePageTitle } from '@/parts/context';
import { useTierOrder } from '@/parts/tiers';
import { classes, useClassName } from '@/pages/tags/classes';
import { Erase } from './Erase';
import { isMoney } from './events';
import { Timeline } from './Timeline';
import { askedOf, Why, WhyButton, type Asked } from './Why';

export function Customer() {
  const { id } = useParams({ from: '/app/customers/$id' });
  const { as_of } = useSearch({ from: '/app/customers/$id' });
  const query = useQuery(customerQuery(id, as_of));
  const order = useTierOrder();
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(c) => <Profile key={id} customer={{ ...c, levels: order(c.levels) }} />}
    </Loaded>
  );
}

function Profile({ customer: c }: { customer: CustomerDetail }) {
  const text = useText();
  const nameOf = useLevelName();
  const navigate = useNavigate();
  const { event, why, as_of } = useSearch({ from: '/app/customers/$id' });
  usePageTitle(c.name || c.id);

  const asked = askedOf(why);
  const set = (change: { event?: string; why?: string }) =>
    void navigate({ to: '/customers/$id', params: { id: c.id }, search: (prev) => ({ ...prev, ...change }), replace: true, resetScroll: false });
  const ask = (a: Asked) => () => set({ why: `${a.kind}.${a.name}` });

  const level = c.levels.find((l) => l.tier === asked?.name);
  const title =
    asked?.kind === 'tier'
      ? level
        ? `${text(level.title)} · ${nameOf(level.level, level.name)}`
        : asked.name
      : text((asked?.kind === 'tag' ? c.tags : c.segments).find((x) => x.name === asked?.name)?.title) || (asked?.name ?? '');

  return (
    <>
      <Header customer={c} />
      <div className="cols profile">
        <div className="stack w7">
          <Levels customer={c} ask={ask} />
          <Segments customer={c} ask={ask} />
          {as_of ? null : <History id={c.id} />}
          <div className="last">
            <Timeline customer={c} event={event} onEvent={(e) => set({ event: e })} />
          </div>
        </div>
        <div className="stack w5">
          <Tags customer={c} ask={ask} />
          <Attributes customer={c} />
          <Identities customer={c} />
        </div>
      </div>
      <Why customer={c.id} customerName={c.name || c.id} asked={asked} title={title} asOf={as_of} close={() => set({ why: undefined })} />
    </>
  );
}

/** History is what changed for the customer, by the instants at which it did. */
function History({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery(historyQuery(id));
  return (
    <Card title={t('history.title')} note={query.data ? t('history.since', { at: f.date(query.data.since) }) : undefined} flush>
      <Loaded query={query}>
        {(h) =>
          h.entries.length === 0 ? (
            <Empty title={t('history.none')} icon="clock" />
          ) : (
            <div className="changes-scroll" tabIndex={0} role="region" aria-label={t('history.title')}>
              <ChangeList label={t('history.title')} items={h.entries} />
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

function Header({ customer: c }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const phone = c.identities.find((i) => i.namespace === 'phone');
  const facts: [string, string][] = [
    [t('customer.staff'), c.responsible_staff || '–'],
    [t('customer.store'), c.home_store || '–'],
    [t('customer.orders'), f.count(c.orders)],
    [t('customer.spend'), f.money(c.spend)],
    [t('customer.last_order'), f.date(c.last_order_at)],
    [t('customer.last_event'), f.date(c.last_event_at)],
  ];
  return (
    <section className="card profile-head">
      <div className="profile-who">
        <Initial name={c.name || c.id} size="big" />
        <div>
          <h1>{c.name || c.id}</h1>
          <p className="muted num">{[phone?.value_masked, c.id].filter(Boolean).join(' · ')}</p>
          <span className="chips">
            {c.levels.map((l) => (
              <LevelChip key={l.tier} id={l.level} name={l.name} tier={l.tier} title={text(l.title)} />
            ))}
          </span>
        </div>
      </div>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
        <div>
          <dt>{t('customer.completeness')}</dt>
          <dd title={c.missing.length > 0 ? t('customer.missing', { names: c.missing.map(text).join(f.lang === 'zh' ? '、' : ', ') }) : undefined}>
            <span className="meter" role="img" aria-label={f.share(c.completeness)}>
              <b style={{ width: `${c.completeness * 100}%` }} />
            </span>
            <span className="num">{f.share(c.completeness)}</span>
          </dd>
        </div>
      </dl>
    </section>
  );
}

interface AskProps {
  customer: CustomerDetail;
  ask: (a: Asked) => () => void;
}

function Levels({ customer: c, ask }: AskProps) {
  const { t } = useTranslation();
  const text = useText();
  const nameOf = useLevelName();
  return (
    <Card title={t('customer.levels')} flush>
      {c.levels.length === 0 ? (
        <Empty title={t('customer.no_levels')} icon="tiers" />
      ) : (
        <ul className="rows levels">
          {c.levels.map((l) => (
            <li key={l.tier}>
              <Link to="/tiers/$name" params={{ name: l.tier }} className="muted">
                {text(l.title)}
              </Link>
              <span className="row-level">
                <LevelChip id={l.level} name={l.name} tier={l.tier} />
              </span>
              <p className="row-text">{text(l.advice)}</p>
              <WhyButton ask={ask({ kind: 'tier', name: l.tier })} subject={`${text(l.title)} ${nameOf(l.level, l.name)}`} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Segments({ customer: c, ask }: AskProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  return (
    <Card title={t('customer.segments')} note={t('customer.n_segments', { count: c.segments.length, n: f.count(c.segments.length) })} flush>
      {c.segments.length === 0 ? (
        <Empty title={t('customer.no_segments')} icon="segments" />
      ) : (
        <ul className="rows">
          {c.segments.map((s) => (
            <li key={s.name}>
              <div className="row-main">
                <Link to="/segments/$name" params={{ name: s.name }}>
                  {text(s.title)}
                </Link>
              </div>
              <WhyButton ask={ask({ kind: 'segment', name: s.name })} subject={text(s.title)}>
                {t('why.here')}
              </WhyButton>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Tags({ customer: c, ask }: AskProps) {
  const { t } = useTranslation();
  const text = useText();
  const className = useClassName();
  const has = c.tags.filter((x) => x.value !== '');
  const groups = classes(has);
  return (
    <Card title={t('customer.tags')}>
      {has.length === 0 ? (
        <Empty title={t('customer.no_tags')} icon="tags" />
      ) : (
        groups.map((g) => (
          <div key={g.name} className="tag-group">
            <h3>{className(g.name)}</h3>
            <ul>
              {g.tags.map((x) => (
                <li key={x.name}>
                  <button type="button" onClick={ask({ kind: 'tag', name: x.name })} aria-haspopup="dialog" title={t('why.ask')}>
                    <span className="sr">{t('why.ask')}</span>
                    <span>{text(x.title)}</span>
                    <b className="num">{text(x.text) || x.value}</b>
                    <Icon name="why" size={14} />
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))
      )}
    </Card>
  );
}

function Attributes({ customer: c }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  return (
    <Card title={t('customer.attributes')} flush>
      {c.attributes.length === 0 ? (
        <Empty title={t('customer.no_attributes')} icon="form" />
      ) : (
        <ul className="rows tight">
          {c.attributes.map((a) => (
            <li key={a.name}>
              <span className="muted">{text(a.title)}</span>
              <span>
                {a.sensitive ? <Icon name="lock" size={13} /> : null}
                {isMoney(a) ? f.money(a.value) : a.name === 'gender' && (a.value === 'male' || a.value === 'female') ? t(`gender.${a.value}`) : /^\d{4}-\d{2}-\d{2}$/.test(a.value) ? f.date(a.value) : a.value}
              </span>
              <small title={f.dateTime(a.at)}>{[a.source, f.date(a.at)].filter(Boolean).join(' · ')}</small>
            </li>
          ))}
        </ul>
      )}
      {c.missing.length > 0 ? <p className="missing">{t('customer.missing', { names: c.missing.map(text).join(f.lang === 'zh' ? '、' : ', ') })}</p> : null}
    </Card>
  );
}

function Identities({ customer: c }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const text = useText();
  return (
    <Card title={t('customer.identities')} note={t('customer.number', { n: c.number })} flush>
      <ul className="rows tight">
        {c.identities.map((i, n) => (
          <li key={n}>
            <span className="muted">{text(i.title) || i.namespace}</span>
            <span className="num">{i.value_masked}</span>
          </li>
        ))}
      </ul>
      <div style={{ padding: '8px 16px 14px' }}>
        <Erase id={c.id} />
      </div>
    </Card>
  );
}
