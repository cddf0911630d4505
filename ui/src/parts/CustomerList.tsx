import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CustomerItem } from '@/api/types';
import { customersQuery, type CustomerFilter } from '@/api/queries';
import { useText } from '@/i18n';
import { LevelChip } from './Level';
import { List, type Column } from './List';
import { Pager, type PageOf } from './Pager';
import { Bones, Empty, Loaded } from './State';
import { useFormat } from './context';
import { useTierOrder } from './tiers';

const SIZE = 25;

export function Initial({ name, size = 'mid' }: { name: string; size?: 'mid' | 'big' }) {
  return (
    <span className={`avatar ${size}`} aria-hidden="true">
      {[...name.replace(/[*＊]/g, '')][0]?.toUpperCase() ?? '·'}
    </span>
  );
}

interface CustomerListProps {
  filter: CustomerFilter;
  at: PageOf;
  go: (to: PageOf) => void;
}

/** CustomerList is one page of the customers that a filter holds. */
export function CustomerList({ filter, at, go }: CustomerListProps) {
  const { t } = useTranslation();
  const query = useQuery(customersQuery({ ...filter, limit: SIZE, ...(at.cursor ? { cursor: at.cursor } : {}) }));
  return (
    <Loaded
      query={query}
      bones={
        <div style={{ padding: '0 20px 12px' }}>
          <Bones rows={9} height={22} />
        </div>
      }
    >
      {(page) => (
        <>
          {page.items.length === 0 ? (
            <Empty title={t('customers.none')} text={t('customers.none_text')} icon="customers" />
          ) : (
            <Rows rows={page.items} dim={query.isPlaceholderData} tier={filter.tier} />
          )}
          <Pager list={JSON.stringify(filter)} at={at} total={page.total} shown={page.items.length} size={SIZE} next={page.next} go={go} />
        </>
      )}
    </Loaded>
  );
}

// So many levels are shown in a row of the list.
const SHOWN = 3;

function Rows({ rows, dim, tier }: { rows: CustomerItem[]; dim: boolean; tier?: string }) {
  const order = useTierOrder();
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const who = (c: CustomerItem) => (
    <Link className="who" to="/customers/$id" params={{ id: c.id }}>
      <Initial name={c.name || c.id} />
      <span>
        <strong>{c.name || c.id}</strong>
        <small className="num">{c.phone_masked || c.id}</small>
      </span>
    </Link>
  );
  const levels = (c: CustomerItem) => {
    const all = order(c.levels, tier);
    const rest = all.slice(SHOWN);
    if (all.length === 0) return <span className="muted">–</span>;
    return (
      <span className="chips">
        {all.slice(0, SHOWN).map((l) => (
          <LevelChip key={l.tier} id={l.level} name={l.name} small title={text(l.title)} />
        ))}
        {rest.length > 0 ? (
          <span className="more-levels" title={rest.map((l) => `${text(l.title)}: ${text(l.name)}`).join('\n')}>
            +{rest.length}
          </span>
        ) : null}
      </span>
    );
  };
  const columns: Column<CustomerItem>[] = [
    { key: 'who', title: t('customer.customer'), render: who },
    { key: 'levels', title: t('customer.levels'), render: levels },
    { key: 'member', title: t('customer.member_level'), render: (c) => (c.member_level && <span className="nowrap">{c.member_level}</span>) || <span className="muted">–</span> },
    {
      key: 'store',
      title: t('customer.store_staff'),
      render: (c) => (
        <>
          <span className="nowrap">{c.home_store || '–'}</span>
          <div className="muted small nowrap">{c.responsible_staff}</div>
        </>
      ),
    },
    { key: 'orders', title: t('customer.orders'), right: true, render: (c) => f.count(c.orders) },
    { key: 'spend', title: t('customer.spend'), right: true, render: (c) => f.money(c.spend) },
    { key: 'last', title: t('customer.last_order'), right: true, render: (c) => f.date(c.last_order_at) },
  ];
  return (
    <List
      label={t('customers.title')}
      rows={rows}
      columns={columns}
      rowKey={(c) => c.id}
      href={(c) => `/customers/${encodeURIComponent(c.id)}`}
      dim={dim}
      card={(c) => (
        <div className="customer-card">
          <div>
            {who(c)}
            <span className="num">{f.money(c.spend)}</span>
          </div>
          {levels(c)}
          <p>
            {[
              t('customer.n_orders', { count: c.orders, n: f.count(c.orders) }),
              c.last_order_at ? t('customer.last_on', { at: f.date(c.last_order_at) }) : '',
              c.home_store,
              c.responsible_staff,
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
      )}
    />
  );
}
