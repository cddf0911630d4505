import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Select } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { customersQuery, exportURL, segmentsQuery, tagQuery, tierQuery, tiersQuery, type CustomerFilter } from '@/api/queries';
import { useText } from '@/i18n';
import { CustomerList } from '@/parts/CustomerList';
import { Icon } from '@/parts/Icon';
import { useLevelName } from '@/parts/Level';
import { Head } from '@/parts/Page';
import { useFormat } from '@/parts/context';

export function Customers() {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const nameOf = useLevelName();
  const navigate = useNavigate();
  const { cursor, page, lang: _, cuts, ...rest } = useSearch({ from: '/app/customers' });
  const filter = { ...rest, ...(cuts === 'frozen' || cuts === 'own' ? { cuts: cuts as 'frozen' | 'own' } : {}) };

  const segments = useQuery(segmentsQuery());
  const tiers = useQuery(tiersQuery());
  const tier = useQuery({ ...tierQuery(filter.tier ?? ''), enabled: !!filter.tier });
  const tag = useQuery({ ...tagQuery(filter.tag ?? ''), enabled: !!filter.tag });
  const total = useQuery({ ...customersQuery({ ...filter, limit: 25, ...(cursor ? { cursor } : {}) }) }).data?.total;

  const set = (change: Partial<CustomerFilter>) =>
    void navigate({ to: '/customers', search: (prev) => ({ ...prev, ...change, cursor: undefined, page: undefined }) });

  const levels = tier.data && tier.data.name === filter.tier ? tier.data.levels : [];
  const level = (id?: string) => nameOf(id ?? '', levels.find((l) => l.id === id)?.name ?? { zh: id ?? '', en: id ?? '' });
  const tierTitle = tier.data ? text(tier.data.title) : (filter.tier ?? '');
  const moved = filter.tier && (filter.moved_from !== undefined || filter.moved_to !== undefined);

  const chips: { key: string; words: string; clear: Partial<CustomerFilter> }[] = [];
  if (moved) {
    chips.push({
      key: 'moved',
      words: t('customers.moved', { tier: tierTitle, from: level(filter.moved_from), to: level(filter.moved_to), since: f.date(filter.since) }),
      clear: { moved_from: undefined, moved_to: undefined, since: undefined, cuts: undefined },
    });
  }
  if (filter.tag) {
    const bin = tag.data?.distribution.find((b) => b.value === filter.value);
    const value = bin ? text(bin.label) : filter.value;
    const tagTitle = tag.data ? text(tag.data.title) : filter.tag;
    chips.push({
      key: 'tag',
      words: value ? t('customers.tag_is', { tag: tagTitle, value }) : t('customers.tag_any', { tag: tagTitle }),
      clear: { tag: undefined, value: undefined },
    });
  }
  if (filter.as_of) chips.push({ key: 'as_of', words: t('customers.as_of', { at: f.date(filter.as_of) }), clear: { as_of: undefined } });

  return (
    <>
      <Head
        title={t('customers.title')}
        text={total === undefined ? ' ' : t('customers.total', { count: total, n: f.count(total) })}
        actions={
          <Button href={exportURL(filter)} download icon={<Icon name="export" size={16} />} title={t('customers.export_note')}>
            {t('customers.export')}
          </Button>
        }
      />
      <section className="card">
        <div className="filters" role="search">
          <SearchBox value={filter.search ?? ''} onSearch={(search) => set({ search: search || undefined })} />
          <Select
            className="half"
            aria-label={t('customers.by_segment')}
            placeholder={t('customers.by_segment')}
            allowClear
            showSearch={{ optionFilterProp: 'label' }}
            popupMatchSelectWidth={false}
            style={{ minWidth: 168 }}
            loading={segments.isLoading}
            value={filter.segment ?? null}
            options={segments.data?.map((s) => ({ value: s.name, label: text(s.title) })) ?? (filter.segment ? [{ value: filter.segment, label: filter.segment }] : [])}
            onChange={(v: string | null) => set({ segment: v ?? undefined })}
          />
          <Select
            className="half"
            aria-label={t('customers.by_tier')}
            placeholder={t('customers.by_tier')}
            allowClear
            popupMatchSelectWidth={false}
            style={{ minWidth: 168 }}
            loading={tiers.isLoading}
            value={filter.tier ?? null}
            options={tiers.data?.map((x) => ({ value: x.name, label: text(x.title) })) ?? (filter.tier ? [{ value: filter.tier, label: filter.tier }] : [])}
            onChange={(v: string | null) => set({ tier: v ?? undefined, level: undefined, moved_from: undefined, moved_to: undefined, since: undefined, cuts: undefined })}
          />
          {filter.tier && !moved ? (
            <Select
              className="half"
              aria-label={t('customers.by_level')}
              placeholder={t('customers.by_level')}
              allowClear
              popupMatchSelectWidth={false}
              style={{ minWidth: 140 }}
              loading={tier.isLoading}
              value={filter.level ?? null}
              options={
                levels.length > 0
                  ? [...levels.map((l) => ({ value: l.id, label: level(l.id) })), { value: '-', label: t('level.none') }]
                  : filter.level
                    ? [{ value: filter.level, label: level(filter.level) }]
                    : []
              }
              onChange={(v: string | null) => set({ level: v ?? undefined })}
            />
          ) : null}
          {chips.length > 0 ? (
            <span className="chips">
              {chips.map((c) => (
                <span key={c.key} className="chip on">
                  {c.words}
                  <button type="button" aria-label={t('customers.clear', { what: c.words })} onClick={() => set(c.clear)}>
                    <Icon name="close" size={12} />
                  </button>
                </span>
              ))}
            </span>
          ) : null}
        </div>
        <CustomerList filter={filter} at={{ cursor, page }} go={(to) => void navigate({ to: '/customers', search: (prev) => ({ ...prev, ...to }) })} />
      </section>
    </>
  );
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <Input
      style={{ width: 310, maxWidth: '100%' }}
      allowClear
      value={typed}
      prefix={<Icon name="search" size={16} />}
      placeholder={t('customers.search')}
      aria-label={t('customers.search')}
      maxLength={100}
      onChange={(e) => {
        setTyped(e.target.value);
        if (e.target.value === '') onSearch('');
      }}
      onPressEnter={() => onSearch(typed.trim())}
      onBlur={() => typed.trim() !== value && onSearch(typed.trim())}
    />
  );
}
