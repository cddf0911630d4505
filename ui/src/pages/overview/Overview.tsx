import { useQuery } from '@tanstack/react-query';
import { Alert } from 'antd';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Figure, Overview as Data } from '@/api/types';
import { freshnessQuery, overviewQuery } from '@/api/queries';
import { useText } from '@/i18n';
import { dayOf } from '@/format';
import { DateField } from '@/parts/DateField';
import { Delta, useFigure } from '@/parts/Figures';
import { Icon } from '@/parts/Icon';
import { Card, Head } from '@/parts/Page';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { Moves } from './Moves';
import { TierShares } from './TierShares';
import { Turnover } from './Turnover';

export function Overview() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const { as_of } = useSearch({ from: '/app/' });
  const query = useQuery(overviewQuery(as_of));
  const { data: fresh } = useQuery(freshnessQuery);
  const data = query.data;
  return (
    <>
      <Head
        title={t('overview.title')}
        text={data ? t('overview.period', { from: f.dateShort(data.from), to: f.dateShort(data.to), until: f.dateTime(data.data_until) }) : ' '}
        actions={
          <DateField
            label={t('overview.as_of')}
            value={as_of}
            max={fresh ? dayOf(fresh.as_of) : undefined}
            clear
            onChange={(day) => void navigate({ to: '/', search: (prev) => ({ ...prev, as_of: day }) })}
          />
        }
      />
      <Loaded query={query} bones={<OverviewBones />}>
        {(d) => <Board data={d} asOf={as_of} />}
      </Loaded>
    </>
  );
}

function Board({ data, asOf }: { data: Data; asOf?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="stack">
      {data.held ? <Alert type="warning" showIcon title={t('overview.held')} description={t('overview.held_text', { since: f.dateTime(data.held.since), taken: f.dateTime(data.held.taken) })} /> : null}
      <section className="card figures" aria-label={t('overview.figures')}>
        <Tile label={t('overview.customers')} figure={data.customers} to="/customers" note={t('overview.new', { n: f.count(data.new_customers.value) })} />
        <Tile label={t('overview.active')} figure={data.active} />
        <Tile label={t('overview.turnover')} figure={data.turnover} />
        <Tile label={t('overview.orders')} figure={data.orders} />
        <Tile label={t('overview.basket')} figure={data.basket_value} />
        <Tile label={t('overview.repurchase')} figure={data.repurchase_rate} hint={t('overview.repurchase_hint')} />
      </section>
      <div className="cols even">
        <Turnover data={data} className="w8" />
        <Pins data={data} className="w4" />
        <Moves data={data} asOf={asOf} className="" />
        <TierShares data={data} asOf={asOf} className="" />
      </div>
    </div>
  );
}

function Tile({ label, figure, to, note, hint }: { label: string; figure: Figure; to?: '/customers'; note?: string; hint?: string }) {
  const { t } = useTranslation();
  const show = useFigure();
  const value = show.big(figure);
  return (
    <div className="tile">
      <h2 title={hint}>{label}</h2>
      <p className="tile-value" title={show.value(figure)}>
        {to ? (
          <Link to={to} className="plain">
            {value}
          </Link>
        ) : (
          value
        )}
      </p>
      <p className="tile-note">
        {figure.change === null ? <span>{t('figure.no_before')}</span> : <Delta value={figure.change} text={show.change(figure)} />}
        <span>{note ?? t('figure.before', { n: show.before(figure) })}</span>
      </p>
    </div>
  );
}

function Pins({ data, className }: { data: Data; className: string }) {
  const { t } = useTranslation();
  const text = useText();
  return (
    <Card title={t('overview.pins')} className={className} flush>
      {data.pins.length === 0 ? (
        <Empty title={t('overview.no_pins')} icon="person" />
      ) : (
        <ul className="pins">
          {data.pins.map((p) => (
            <li key={p.customer}>
              <Link to="/customers/$id" params={{ id: p.customer }}>
                <span className="avatar mid" aria-hidden="true">
                  {[...p.name][0] ?? <Icon name="person" size={16} />}
                </span>
                <span>
                  <strong>
                    {text(p.title)}
                    <span>{p.name}</span>
                  </strong>
                  <small title={text(p.note)}>{text(p.note)}</small>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function OverviewBones() {
  return (
    <div className="stack">
      <div className="card">
        <div className="body" style={{ paddingTop: 20 }}>
          <Bones rows={2} height={30} />
        </div>
      </div>
      <div className="cols">
        <div className="card w8">
          <div className="body">
            <Bones rows={8} height={20} />
          </div>
        </div>
        <div className="card w4">
          <div className="body">
            <Bones rows={8} height={20} />
          </div>
        </div>
      </div>
    </div>
  );
}
