import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Drawer } from 'antd';
import { useTranslation } from 'react-i18next';
import { importsQuery, refusedQuery } from '@/api/queries';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Failed, Loaded } from '@/parts/State';
import { useFormat, useNarrow } from '@/parts/context';
import type { components } from '@/api/schema';

type Import = components['schemas']['ImportInfo'];

const states = ['running', 'done', 'interrupted', 'undoing', 'undone'] as const;
type State = (typeof states)[number];
const tone: Record<State, string> = { running: 'busy', done: 'good', interrupted: 'bad', undoing: 'busy', undone: '' };

export function Imports() {
  const { t } = useTranslation();
  const f = useFormat();
  const narrow = useNarrow();
  const navigate = useNavigate();
  const { refused } = useSearch({ from: '/app/imports' });
  const query = useQuery(importsQuery());
  const open = (id: number | undefined) => void navigate({ to: '/imports', search: (prev) => ({ ...prev, refused: id === undefined ? undefined : String(id) }) });
  const state = (x: Import) => {
    const known = (states as readonly string[]).includes(x.state) ? (x.state as State) : undefined;
    return <span className={`kind ${known ? tone[known] : ''}`}>{known ? t(`imports.state.${known}`) : x.state}</span>;
  };
  const refusedLink = (x: Import) =>
    x.refused > 0 ? (
      <button type="button" className="link-button bad" aria-haspopup="dialog" onClick={() => open(x.id)} aria-label={t('imports.see_refused', { n: f.count(x.refused), file: x.file })}>
        {f.count(x.refused)}
      </button>
    ) : (
      f.count(0)
    );
  const columns: Column<Import>[] = [
    {
      key: 'file',
      title: t('imports.file'),
      render: (x) => (
        <div className="two-lines">
          <b className="strong file">{x.file}</b>
          <span className="muted small">{t('imports.source', { id: x.id, source: x.source })}</span>
        </div>
      ),
    },
    { key: 'state', title: t('imports.state'), render: state },
    {
      key: 'at',
      title: t('imports.started'),
      render: (x) => (
        <>
          <span className="nowrap">{f.dateTime(x.started_at)}</span>
          <div className="muted small nowrap">{x.finished_at ? t('imports.finished', { at: f.time(x.finished_at) }) : ''}</div>
        </>
      ),
    },
    { key: 'rows', title: t('imports.rows'), right: true, render: (x) => f.count(x.rows) },
    { key: 'events', title: t('imports.events'), right: true, render: (x) => f.count(x.events) },
    { key: 'new', title: t('imports.new_customers'), right: true, render: (x) => f.count(x.new_customers) },
    { key: 'repeated', title: t('imports.repeated'), right: true, render: (x) => f.count(x.repeated) },
    { key: 'skipped', title: t('imports.skipped'), right: true, render: (x) => f.count(x.skipped) },
    { key: 'refused', title: t('imports.refused'), right: true, render: refusedLink },
  ];
  const chosen = query.data?.find((x) => String(x.id) === refused);
  return (
    <>
      <Head title={t('imports.title')} text={t('imports.text')} />
      <section className="card flush-top">
        <Loaded
          query={query}
          bones={
            <div className="body" style={{ paddingTop: 8 }}>
              <Bones rows={5} height={26} />
            </div>
          }
        >
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={t('imports.none')} text={t('imports.none_text')} icon="imports" />
            ) : (
              <List
                label={t('imports.title')}
                rows={rows}
                columns={columns}
                rowKey={(x) => String(x.id)}
                card={(x) => (
                  <div className="segment-card">
                    <div className="spread">
                      <b className="strong file">{x.file}</b>
                      {state(x)}
                    </div>
                    <p className="muted small">
                      {t('imports.source', { id: x.id, source: x.source })} · {f.dateTime(x.started_at)}
                    </p>
                    <dl className="counts">
                      {columns.slice(3).map((c) => (
                        <div key={c.key}>
                          <dt>{c.title}</dt>
                          <dd className="num">{c.render(x, 0)}</dd>
                        </div>
                      ))}
                    </dl>
                  </div>
                )}
              />
            )
          }
        </Loaded>
      </section>
      <Drawer
        open={!!refused}
        onClose={() => open(undefined)}
        size={narrow ? '88%' : 720}
        placement={narrow ? 'bottom' : 'right'}
        destroyOnHidden
        title={t('imports.refused_title', { file: chosen?.file ?? '' })}
      >
        {refused ? <Refused id={Number(refused)} /> : null}
      </Drawer>
    </>
  );
}

function Refused({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useInfiniteQuery(refusedQuery(id));
  if (query.isPending) return <Bones rows={6} />;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const rows = query.data.pages.flatMap((p) => p.items);
  if (rows.length === 0) return <Empty title={t('imports.no_refused')} icon="check" />;
  return (
    <>
      <ol className="refused">
        {rows.map((r) => (
          <li key={`${r.row}/${r.field}`}>
            <p>
              <span className="kind num">{t('imports.row', { n: f.count(r.row) })}</span>
              {r.field ? <code>{r.field}</code> : null}
            </p>
            <p className="strong">{r.reason}</p>
            <pre tabIndex={0} aria-label={t('imports.raw', { n: f.count(r.row) })}>
              {r.raw}
            </pre>
          </li>
        ))}
      </ol>
      {query.hasNextPage ? (
        <Button block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('list.more')}
        </Button>
      ) : null}
    </>
  );
}
