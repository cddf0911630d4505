import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Input } from 'antd';
import { useTranslation } from 'react-i18next';
import type { SegmentInfo } from '@/api/types';
import { segmentsQuery } from '@/api/queries';
import { useText } from '@/i18n';
import { Bar, Delta, Spark } from '@/parts/Figures';
import { NewButton } from '@/parts/DefinitionLinks';
import { Icon } from '@/parts/Icon';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';

export function Segments() {
  const { t } = useTranslation();
  const text = useText();
  const navigate = useNavigate();
  const { search = '', sort, as_of } = useSearch({ from: '/app/segments' });
  const query = useQuery(segmentsQuery(as_of));
  return (
    <>
      <Head title={t('segments.title')} text={t('segments.text')} actions={<NewButton kind="segment" />} />
      <section className="card">
        <div className="filters">
          <Input
            style={{ width: 240, maxWidth: '100%' }}
            allowClear
            prefix={<Icon name="search" size={16} />}
            value={search}
            placeholder={t('segments.search')}
            aria-label={t('segments.search')}
            onChange={(e) => void navigate({ to: '/segments', search: (prev) => ({ ...prev, search: e.target.value || undefined }), replace: true })}
          />
        </div>
        <Loaded
          query={query}
          bones={
            <div className="body" style={{ paddingTop: 8 }}>
              <Bones rows={8} height={26} />
            </div>
          }
        >
          {(all) => {
            if (all.length === 0) return <Empty title={t('segments.none')} text={t('segments.none_text')} icon="segments" />;
            const wanted = search.trim().toLowerCase();
            const rows = all.filter((s) => [s.name, s.title.zh, s.title.en, text(s.sentence)].some((x) => x.toLowerCase().includes(wanted)));
            if (rows.length === 0) return <Empty title={t('segments.no_match')} icon="segments" />;
            if (sort === 'count') rows.sort((a, b) => b.count - a.count);
            if (sort === 'change') rows.sort((a, b) => Math.abs(b.change_30d) - Math.abs(a.change_30d));
            return <Rows rows={rows} sort={sort} />;
          }}
        </Loaded>
      </section>
    </>
  );
}

function Rows({ rows, sort }: { rows: SegmentInfo[]; sort?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const navigate = useNavigate();
  const sorted = (by: 'count' | 'change', words: string) => (
    <button
      type="button"
      className="sort"
      aria-pressed={sort === by}
      title={t('list.sort', { by: words })}
      onClick={() => void navigate({ to: '/segments', search: (prev) => ({ ...prev, sort: sort === by ? undefined : by }), replace: true })}
    >
      {words}
    </button>
  );
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
    { key: 'count', title: sorted('count', t('segments.count')), right: true, width: 110, render: members },
    { key: 'share', title: t('segments.share'), width: 160, render: (s) => <Bar share={s.share} text={f.share(s.share)} /> },
    { key: 'trend', title: t('segments.trend'), width: 150, render: spark },
    { key: 'change', title: sorted('change', t('segments.change')), right: true, width: 130, render: change },
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
