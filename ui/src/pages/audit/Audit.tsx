import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { components } from '@/api/schema';
import { auditQuery } from '@/api/queries';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Failed } from '@/parts/State';
import { useFormat } from '@/parts/context';

type Entry = components['schemas']['AuditItem'];

const actions = [
  'session.sign_in',
  'session.sign_in_link',
  'session.sign_in_refused',
  'session.sign_out',
  'account.set_password',
  'customer.view',
  'customers.export',
  'definitions.apply',
  'definition.calibrate',
  'definition.schedule',
  'definition.pause',
  'definition.resume',
  'definition.delete',
  'definition.restore',
  'definition.purge',
  'attribute.enable',
  'attribute.disable',
  'setting.change',
  'tag.mark',
  'tag.unmark',
  'source.add',
  'source.change',
  'source.rotate',
  'source.revoke',
  'quarantine.replay',
  'quarantine.discard',
  'quarantine.accept',
] as const;
type Action = (typeof actions)[number];

export function Audit() {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useInfiniteQuery(auditQuery());
  const rows = query.data?.pages.flatMap((p) => p.items) ?? [];
  const action = (x: Entry) => ((actions as readonly string[]).includes(x.action) ? t(`audit.action.${x.action as Action}`) : x.action);
  const object = (x: Entry) =>
    x.action === 'customer.view' && x.object ? (
      <Link to="/customers/$id" params={{ id: x.object }}>
        {x.object}
      </Link>
    ) : (
      x.object || '–'
    );
  const columns: Column<Entry>[] = [
    { key: 'at', title: t('audit.at'), width: 200, render: (x) => <span className="num nowrap">{f.dateTimeSeconds(x.at)}</span> },
    { key: 'who', title: t('audit.account'), width: 140, render: (x) => x.account || '–' },
    { key: 'what', title: t('audit.what'), width: 180, render: (x) => <span className="kind">{action(x)}</span> },
    { key: 'object', title: t('audit.object'), render: object },
    { key: 'detail', title: t('audit.detail'), render: (x) => <span className="muted breakable">{x.detail}</span> },
  ];
  return (
    <>
      <Head title={t('audit.title')} text={t('audit.text')} />
      <section className="card flush-top">
        {query.isPending ? (
          <div className="body" style={{ paddingTop: 8 }}>
            <Bones rows={8} height={20} />
          </div>
        ) : query.isError && rows.length === 0 ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title={t('audit.none')} icon="audit" />
        ) : (
          <>
            <List
              label={t('audit.title')}
              rows={rows}
              columns={columns}
              rowKey={(x, i) => `${x.at}/${i}`}
              card={(x) => (
                <div className="segment-card">
                  <div className="spread">
                    <span className="kind">{action(x)}</span>
                    <span className="muted small num">{f.dateTimeSeconds(x.at)}</span>
                  </div>
                  <p className="breakable">
                    {x.account} · {object(x)}
                  </p>
                  {x.detail ? <p className="muted small breakable">{x.detail}</p> : null}
                </div>
              )}
            />
            {query.hasNextPage ? (
              <div className="list-foot">
                <Button block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('list.more')}
                </Button>
              </div>
            ) : null}
          </>
        )}
      </section>
    </>
  );
}
