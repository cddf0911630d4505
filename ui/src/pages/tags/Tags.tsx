import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Input, Segmented } from 'antd';
import { useTranslation } from 'react-i18next';
import type { TagInfo } from '@/api/types';
import { tagsQuery } from '@/api/queries';
import { useText } from '@/i18n';
import { NewButton } from '@/parts/DefinitionLinks';
import { Bar } from '@/parts/Figures';
import { Icon } from '@/parts/Icon';
import { List, type Column } from '@/parts/List';
import { Head } from '@/parts/Page';
import { Bones, Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { classes, useClassName } from './classes';

export function Tags() {
  const { t } = useTranslation();
  const text = useText();
  const className = useClassName();
  const navigate = useNavigate();
  const { class: chosen = '', search = '', as_of } = useSearch({ from: '/app/tags' });
  const query = useQuery(tagsQuery(as_of));
  const set = (change: { class?: string; search?: string }) => void navigate({ to: '/tags', search: (prev) => ({ ...prev, ...change }), replace: true });
  const groups = classes(query.data ?? []);
  const wanted = search.trim().toLowerCase();
  const rows = groups
    .filter((g) => chosen === '' || g.name === chosen)
    .flatMap((g) => g.tags)
    .filter((x) => wanted === '' || [x.name, x.title.zh, x.title.en, text(x.sentence)].some((s) => s.toLowerCase().includes(wanted)));
  return (
    <>
      <Head title={t('tags.title')} text={t('tags.text')} actions={<NewButton kind="tag" />} />
      <section className="card">
        <div className="filters">
          <Input
            style={{ width: 240, maxWidth: '100%' }}
            allowClear
            prefix={<Icon name="search" size={16} />}
            value={search}
            placeholder={t('tags.search')}
            aria-label={t('tags.search')}
            onChange={(e) => set({ search: e.target.value || undefined })}
          />
          {groups.length > 1 ? (
            <Segmented
              aria-label={t('tags.class')}
              value={chosen}
              options={[{ value: '', label: t('tags.all') }, ...groups.map((g) => ({ value: g.name, label: className(g.name) }))]}
              onChange={(v) => set({ class: v || undefined })}
            />
          ) : null}
        </div>
        <Loaded
          query={query}
          bones={
            <div className="body" style={{ paddingTop: 8 }}>
              <Bones rows={8} height={26} />
            </div>
          }
        >
          {() => (rows.length === 0 ? <Empty title={t('tags.none')} text={t('tags.none_text')} icon="tags" /> : <Rows rows={rows} />)}
        </Loaded>
      </section>
    </>
  );
}

function Rows({ rows }: { rows: TagInfo[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const className = useClassName();
  const title = (x: TagInfo) => (
    <Link to="/tags/$name" params={{ name: x.name }} className="strong">
      {text(x.title)}
    </Link>
  );
  const columns: Column<TagInfo>[] = [
    {
      key: 'title',
      title: t('tags.tag'),
      render: (x) => (
        <div className="two-lines">
          {title(x)}
          <p className="sentence clamp" title={text(x.sentence)}>
            {text(x.sentence)}
          </p>
        </div>
      ),
    },
    { key: 'class', title: t('tags.class'), width: 100, render: (x) => <span className="kind">{className(x.class)}</span> },
    { key: 'have', title: t('tags.have'), right: true, width: 110, render: (x) => f.count(x.have_value) },
    { key: 'coverage', title: t('tags.coverage'), width: 160, render: (x) => <Bar share={x.coverage} text={f.share(x.coverage)} /> },
    { key: 'dist', title: t('tags.distribution'), width: 150, render: (x) => <MiniBars tag={x} /> },
  ];
  return (
    <List
      label={t('tags.title')}
      rows={rows}
      columns={columns}
      rowKey={(x) => x.name}
      href={(x) => `/tags/${encodeURIComponent(x.name)}`}
      card={(x) => (
        <div className="segment-card">
          <div className="spread">
            {title(x)}
            <span className="kind">{className(x.class)}</span>
          </div>
          <p className="sentence clamp">{text(x.sentence)}</p>
          <div className="spread">
            <MiniBars tag={x} />
            <span style={{ flex: 1, maxWidth: 170 }}>
              <Bar share={x.coverage} text={f.share(x.coverage)} />
            </span>
          </div>
        </div>
      )}
    />
  );
}

/** MiniBars is the spread of a tag's values, without words. */
function MiniBars({ tag }: { tag: TagInfo }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const most = Math.max(1, ...tag.distribution.map((b) => b.count));
  if (tag.distribution.length === 0) return <span className="muted">–</span>;
  const top = [...tag.distribution].sort((a, b) => b.count - a.count)[0]!;
  return (
    <span className="mini" role="img" aria-label={t('tags.mini_label', { n: f.count(tag.distribution.length), top: text(top.label), most: f.count(top.count) })}>
      {tag.distribution.map((b, i) => (
        <i key={i} title={`${text(b.label)} · ${f.count(b.count)}`}>
          <b style={{ height: `${Math.max(4, (100 * b.count) / most)}%` }} />
        </i>
      ))}
    </span>
  );
}
