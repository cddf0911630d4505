import { useTranslation } from 'react-i18next';
import type { Figure } from '@/api/types';
import { useFormat } from './context';

/** Delta is how much something rose or fell; up is shown as good. */
export function Delta({ value, text, title }: { value: number; text: string; title?: string }) {
  const way = value > 0 ? 'up' : value < 0 ? 'down' : 'same';
  return (
    <span className={`delta ${way}`} title={title}>
      {text}
    </span>
  );
}

export function useFigure() {
  const f = useFormat();
  const { t } = useTranslation();
  return {
    value: (x: Figure) => (x.kind === 'money' ? f.money(x.value) : x.kind === 'share' ? f.share(x.value) : f.count(x.value)),
    big: (x: Figure) => (x.kind === 'money' ? f.moneyCompact(x.value) : x.kind === 'share' ? f.share(x.value) : f.count(x.value)),
    before: (x: Figure) => (x.kind === 'money' ? f.moneyCompact(x.before) : x.kind === 'share' ? f.share(x.before) : f.count(x.before)),
    change: (x: Figure) => (x.kind === 'share' ? t('figure.points', { n: f.points(x.change) }) : f.change(x.change)),
  };
}

/** Spark is a small line without axes; the numbers stand beside it. */
export function Spark({ values, label, width = 120, height = 32 }: { values: number[]; label: string; width?: number; height?: number }) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = 3;
  const x = (i: number) => pad + (i * (width - 2 * pad)) / (values.length - 1);
  const y = (v: number) => (high === low ? height / 2 : pad + ((high - v) * (height - 2 * pad)) / (high - low));
  const line = values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' ');
  return (
    <svg className="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polygon points={`${x(0)},${height} ${line} ${x(values.length - 1)},${height}`} fill="#0d5f66" opacity="0.08" />
      <polyline points={line} fill="none" stroke="#0d5f66" strokeWidth="1.6" strokeLinejoin="round" strokeLinecap="round" />
      <circle cx={x(values.length - 1)} cy={y(values[values.length - 1]!)} r="2.4" fill="#0d5f66" />
    </svg>
  );
}

/** Bar is a share as a bar with its number. */
export function Bar({ share, text, of = 1, tone }: { share: number; text: string; of?: number; tone?: string }) {
  return (
    <span className="bar">
      <i aria-hidden="true">
        <b style={{ width: `${Math.min(100, (100 * share) / (of || 1))}%`, background: tone }} />
      </i>
      <span className="num">{text}</span>
    </span>
  );
}
