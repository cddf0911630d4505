import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { MigrationFlow, TierMigration } from '@/api/tiers';
import { Chart, ink, tooltip } from '@/charts/Chart';
import { useLevelName } from '@/parts/Level';
import { useFormat, useNarrow } from '@/parts/context';
import { toneOf } from '@/theme/levels';

/** Flows draws a migration as bands from the levels of the first date to those of the second. */
export function Flows({ migration: m }: { migration: TierMigration }) {
  const { t } = useTranslation();
  const f = useFormat();
  const nameOf = useLevelName();
  const narrow = useNarrow();
  const flows = m.flows.filter((x) => x.count > 0);
  const name = (id: string) => nameOf(id, m.levels.find((l) => l.id === id)?.name);
  const option = useMemo((): EChartsOption => {
    const solid = (id: string) => {
      const i = m.levels.findIndex((l) => l.id === id);
      return toneOf(id, id === '-' ? undefined : i, m.levels.length - 1).solid;
    };
    const side = (at: 0 | 1) =>
      m.levels
        .map((l) => ({ id: l.id, n: at === 0 ? l.before : l.after }))
        .filter((l) => l.n > 0)
        .map((l) => ({
          name: `${at}/${l.id}`,
          depth: at,
          itemStyle: { color: solid(l.id) },
          label: { position: at === 0 ? ('right' as const) : ('left' as const), formatter: `${name(l.id)} ${f.count(l.n)}` },
        }));
    return {
      tooltip: {
        ...tooltip,
        trigger: 'item',
        formatter: (item) => {
          const x = (Array.isArray(item) ? item[0] : item)?.data as { flow?: MigrationFlow } | undefined;
          if (!x?.flow) return '';
          return `<b>${name(x.flow.from)} → ${name(x.flow.to)}</b><br/>${f.count(x.flow.count)} · ${f.share(x.flow.share)}`;
        },
      },
      series: [
        {
          type: 'sankey',
          left: 2,
          right: 2,
          top: 6,
          bottom: 6,
          nodeWidth: 10,
          nodeGap: 9,
          layoutIterations: 0,
          draggable: false,
          emphasis: { focus: 'adjacency' },
          label: { color: ink.text, fontSize: narrow ? 11 : 13 },
          lineStyle: { color: 'source', opacity: 0.34, curveness: 0.5 },
          data: [...side(0), ...side(1)],
          links: flows.map((x) => ({ source: `0/${x.from}`, target: `1/${x.to}`, value: x.count, flow: x })),
        },
      ],
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [m, narrow, f]);
  return (
    <Chart
      title={t('flows.title')}
      note={t('flows.note', { from: f.date(m.from), to: f.date(m.to) })}
      label={t('flows.title')}
      option={option}
      height={Math.max(280, 40 * m.levels.length)}
      table={{
        columns: [{ title: t('tier.from') }, { title: t('tier.to') }, { title: t('tier.people'), right: true }, { title: t('flows.share'), right: true }, { title: t('flows.interval'), right: true }],
        rows: flows.map((x) => [name(x.from), name(x.to), f.count(x.count), f.share(x.share), x.from === '-' ? '–' : `${f.share(x.low)} – ${f.share(x.high)}${x.few ? ' *' : ''}`]),
      }}
    />
  );
}
