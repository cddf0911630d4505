import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SegmentInfo } from '@/api/types';
import { segmentsQuery } from '@/api/queries';
import { useText } from '@/i18n';
import { Bar, Delta, Spark } from '@/parts/Figures';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';

export function Segments() {
  const { t } = useTranslation();
  const query = useQuery(segmentsQuery());
  return (
    <>
      <Head title={t('segments.title')} text={t('segments.text')} />
      <section className="card flush-top">
        <Loaded
          query={query}
          bones={
            <div className="body" style={{ paddingTop: 8 }}>
              <Bones rows={8} height={26} />
            </div>
          }
        >
          {(rows) => (rows.length === 0 ? <Empty title={t('segments.none')} text={t('segments.none_text')} icon="segments" /> : <Rows rows={rows} />)}
        </Loaded>
      </section>
    </>
  );
}

function Rows({ rows }: { rows: SegmentInfo[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const spark = (s: SegmentInfo) => (
    <Spark
      values={s.trend.map((d) => d.count)}
      label={t('segments.trend_label', { from: f.count(s.trend[0]?.count), to: f.count(s.trend[s.trend.length - 1]?.count) })}
    />
  );
  const change = (s: SegmentInfo) => <Delta value={s.change_30d} text={f.signed(s.change_30d)} title={t('segments.change')} />;
  const title = (s: SegmentInfo) => (
    <Link to="/segments/$name" params={{ name: s.name }} className="strong">
      {text(s.title)}
    </Link>
  );
  const members = (s: SegmentInfo) => (
    <Link to="/customers" search={{ segment: s.name }} className="count-link num" title={t('segments.open')}>
      {f.count(s.count)}
    </Link>
  );
  const columns: Column<SegmentInfo>[] = [
    {
      key: 'title',
      title: t('segments.segment'),
      render: (s) => (
        <div className="two-lines">
          {title(s)}
          <p className="sentence clamp" title={text(s.sentence)}>
            {text(s.sentence)}
          </p>
        </div>
      ),
    },
    { key: 'count', title: t('segments.count'), right: true, width: 110, render: members },
    { key: 'share', title: t('segments.share'), width: 160, render: (s) => <Bar share={s.share} text={f.share(s.share)} /> },
    { key: 'trend', title: t('segments.trend'), width: 150, render: spark },
    { key: 'change', title: t('segments.change'), right: true, width: 110, render: change },
  ];
  return (
    <List
      label={t('segments.title')}
      rows={rows}
      columns={columns}
      rowKey={(s) => s.name}
      href={(s) => `/segments/${encodeURIComponent(s.name)}`}
      card={(s) => (
        <div className="segment-card">
          <div className="spread">
            {title(s)}
            {members(s)}
          </div>
          <p className="sentence clamp">{text(s.sentence)}</p>
          <div className="spread">
            {spark(s)}
            {change(s)}
            <span className="num muted">{f.share(s.share)}</span>
          </div>
        </div>
      )}
    />
  );
}
