import type { EChartsOption } from 'echarts';
import type { Format } from '@/format';
import { ink, tooltip } from './Chart';

/** trendOption draws a number by day as a line; the axis need not begin at 0, for it is the movement that is read. */
export function trendOption(days: { date: string; count: number }[], name: string, f: Format): EChartsOption {
  return {
    grid: { left: 4, right: 14, top: 14, bottom: 0, containLabel: true },
    tooltip: {
      ...tooltip,
      formatter: (items) => {
        const day = days[(Array.isArray(items) ? items[0] : items)?.dataIndex ?? 0];
        return day ? `<b>${f.dateShort(day.date)} ${f.weekday(day.date)}</b><br/>${name} ${f.count(day.count)}` : '';
      },
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: days.map((d) => f.tick(d.date)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ink.line } },
      axisLabel: { color: ink.text, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 4,
      minInterval: 1,
      axisLabel: { color: ink.text, formatter: (v: number) => f.count(v) },
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: [
      {
        name,
        type: 'line',
        data: days.map((d) => d.count),
        symbol: 'circle',
        symbolSize: 6,
        showSymbol: false,
        lineStyle: { color: ink.brand, width: 2 },
        itemStyle: { color: ink.brand },
        areaStyle: { color: ink.brand, opacity: 0.07 },
      },
    ],
  };
}
