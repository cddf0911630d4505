import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { changesQuery, type ChangesFilter } from '@/api/queries';
import type { Changes as Answer } from '@/api/types';
import { useText } from '@/i18n';
import { ChangeList } from '@/parts/Changes';
import { Card, Head } from '@/parts/Page';
import { Empty, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';

/** Changes is who entered, left and moved, newest first. */
export function Changes() {
  const { t } = useTranslation();
  const f = useFormat();
  const { of } = useSearch({ from: '/app/changes' });
  const [kind, name] = of?.split('.', 2) ?? [];
  const query = useQuery(changesQuery(kind && name ? { kind: kind as ChangesFilter['kind'], name } : {}));
  return (
    <>
      <Head title={t('changes.title')} text={t('changes.text')} />
      <Card
        title={t('changes.newest')}
        note={query.data ? t('changes.as_of', { at: f.dateTime(query.data.as_of) }) : undefined}
        end={<Filter answer={query.data} of={of} />}
        flush
      >
        <Loaded query={query}>
          {(d) =>
            d.items.length === 0 ? (
              <Empty title={t('changes.none')} text={t('changes.since', { at: f.dateTime(d.histories_since) })} icon="clock" />
            ) : (
              <ChangeList label={t('changes.title')} items={d.items} />
            )
          }
        </Loaded>
      </Card>
    </>
  );
}

function Filter({ answer, of }: { answer: Answer | undefined; of?: string }) {
  const { t } = useTranslation();
  const text = useText();
  const navigate = useNavigate();
  const options = (['segment', 'tier', 'tag'] as const).map((kind) => ({
    label: t(`kind.${kind}`),
    title: kind,
    options: (answer?.definitions ?? []).filter((d) => d.kind === kind).map((d) => ({ value: `${kind}.${d.name}`, label: text(d.title) })),
  }));
  return (
    <Select
      aria-label={t('changes.filter')}
      placeholder={t('changes.filter')}
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
      style={{ minWidth: 180 }}
      value={of ?? null}
      options={options}
      onChange={(v: string | null) => void navigate({ to: '/changes', search: (prev) => ({ ...prev, of: v ?? undefined }), replace: true })}
    />
  );
}
