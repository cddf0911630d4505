import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { SegmentDetail } from '@/api/types';
import { changesQuery, exportURL, segmentQuery } from '@/api/queries';
import { Chart } from '@/charts/Chart';
import { trendOption } from '@/charts/trend';
import { dayOf } from '@/format';
import { useText } from '@/i18n';
import { ChangeList } from '@/parts/Changes';
import { CustomerList } from '@/parts/CustomerList';
import { Definition } from '@/parts/Definition';
import { DefinitionButton } from '@/parts/DefinitionLinks';
import { Delta } from '@/parts/Figures';
import { Icon } from '@/parts/Icon';
import { Card, Head } from '@/parts/Page';
import { Bones, Loaded, PageBones } from '@/parts/State';
import { useFormat } from '@/parts/context';

export function Segment() {
  const { name } = useParams({ from: '/app/segments/$name' });
  const { as_of } = useSearch({ from: '/app/segments/$name' });
  const query = useQuery(segmentQuery(name, as_of));
  return (
    <Loaded query={query} bones={<PageBones />}>
      {(s) => <Detail key={name} segment={s} />}
    </Loaded>
  );
}

/** Today is who entered and left since midnight. */
function Today({ name, day }: { name: string; day: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery(changesQuery({ kind: 'segment', name, since: day }));
  return (
    <Card
      title={t('segments.today')}
      note={
        query.data ? (
          <span className="change-tally num">
            <span>{t('segments.entered', { n: f.count(query.data.entered) })}</span>
            <span>{t('segments.left', { n: f.count(query.data.left) })}</span>
          </span>
        ) : undefined
      }
      flush
      end={
        <Link to="/changes" search={{ of: `segment.${name}` }} className="link-button">
          {t('changes.all')}
          <Icon name="right" size={14} />
        </Link>
      }
    >
      <Loaded query={query} bones={<Bones rows={2} />}>
        {(d) =>
          d.items.length === 0 ? (
            <p className="muted pad">{t('segments.today_none')}</p>
          ) : (
            <div className="changes-scroll" tabIndex={0} role="region" aria-label={t('segments.today')}>
              <ChangeList label={t('segments.today')} items={d.items} named={false} />
              {d.complete && d.items.length === d.entered + d.left ? null : <p className="muted pad">{t('segments.today_more', { n: f.count(d.items.length) })}</p>}
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

function Detail({ segment: s }: { segment: SegmentDetail }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const navigate = useNavigate();
  const { cursor, page, as_of } = useSearch({ from: '/app/segments/$name' });
  const filter = useMemo(() => ({ segment: s.name, ...(as_of ? { as_of } : {}) }), [s.name, as_of]);
  const option = useMemo(() => trendOption(s.trend, t('segments.count'), f), [s.trend, t, f]);
  return (
    <>
      <Head
        title={text(s.title)}
        text={text(s.description) || undefined}
        actions={
          <>
            <DefinitionButton kind="segment" name={s.name} />
            <Button href={exportURL(filter)} download icon={<Icon name="export" size={16} />} title={t('customers.export_note')}>
              {t('customers.export')}
            </Button>
          </>
        }
      />
      <div className="stack">
        <div className="cols even">
          <section className="card w4 summary">
            <h2>{t('segments.count')}</h2>
            <p className="tile-value">
              <Link to="/customers" search={filter} className="plain">
                {f.count(s.count)}
              </Link>
            </p>
            <p className="tile-note">
              <Delta value={s.change_30d} text={f.signed(s.change_30d)} />
              <span>{t('segments.change')}</span>
            </p>
            <p className="tile-note">
              <span>{t('segments.share_of', { share: f.share(s.share) })}</span>
            </p>
            <h2>{t('segments.rule')}</h2>
            <p className="rule">{text(s.sentence)}</p>
          </section>
          <Chart
            className="w8"
            title={t('segments.trend')}
            label={t('segments.trend_label', { from: f.count(s.trend[0]?.count), to: f.count(s.trend[s.trend.length - 1]?.count) })}
            option={option}
            height={272}
            table={{
              columns: [{ title: t('overview.day') }, { title: t('segments.count'), right: true }],
              rows: [...s.trend].reverse().map((d) => [`${f.date(d.date)} ${f.weekday(d.date)}`, f.count(d.count)]),
            }}
          />
        </div>
        {as_of ? null : <Today name={s.name} day={dayOf(s.as_of)} />}
        <Card
          title={t('segments.members')}
          note={t('customers.total', { count: s.count, n: f.count(s.count) })}
          flush
          end={
            <Link to="/customers" search={filter} className="link-button">
              {t('segments.open')}
              <Icon name="right" size={14} />
            </Link>
          }
        >
          <CustomerList
            filter={filter}
            at={{ cursor, page }}
            go={(to) => void navigate({ to: '/segments/$name', params: { name: s.name }, search: (prev) => ({ ...prev, ...to }), resetScroll: false })}
          />
        </Card>
        <Definition yaml={s.yaml} owner={s.owner} purpose={s.purpose} uses={s.uses} usedBy={s.used_by} />
      </div>
    </>
  );
}
