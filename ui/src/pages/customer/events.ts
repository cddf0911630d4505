// How an event reads in one line: what happened, the money, then where and what.
import type { EventInfo, PropertyInfo } from '@/api/types';
import type { Format } from '@/format';
import type { IconName } from '@/parts/Icon';

const icons: [RegExp, IconName][] = [
  [/refund/, 'back'],
  [/^(order|item|deposit|bill)/, 'bag'],
  [/coupon/, 'coupon'],
  [/topped_up|balance/, 'wallet'],
  [/store|visit_promised|table_order/, 'store'],
  [/wecom|group|message|call|moment|referral/, 'chat'],
  [/page|site|product|article|viewed|cart|content|account/, 'eye'],
  [/form|quote|test_drive|activity/, 'form'],
  [/review|feedback|complaint/, 'star'],
];

export const eventIcon = (event: string): IconName => icons.find(([p]) => p.test(event))?.[1] ?? 'dot';

/** isIdLike holds for what identifies a thing rather than describing it; it is shown with the details. */
const isIdLike = (p: PropertyInfo) => /(^|_)(id|no|code|key)$/.test(p.name);

const isMoney = (p: PropertyInfo) => /(^|_)(amount|price|paid|total|discount|balance|value)$/.test(p.name) && /^-?\d+(\.\d+)?$/.test(p.value);

// Where and what come first; how comes after.
const rank = (name: string) => {
  const order = ['amount', 'paid', 'product', 'name', 'title', 'sku', 'category', 'brand', 'quantity', 'price', 'store', 'group', 'channel'];
  const i = order.indexOf(name);
  return i < 0 ? order.length : i;
};

export interface EventLine {
  money: string;
  words: string[];
  details: { title: PropertyInfo['title']; value: string }[];
}

export function eventLine(e: EventInfo, f: Format): EventLine {
  const sorted = [...e.properties].sort((a, b) => rank(a.name) - rank(b.name));
  const main = sorted.find((p) => isMoney(p) && p.name !== 'discount');
  const show = (p: PropertyInfo) => (isMoney(p) ? f.money(p.value) : p.name === 'quantity' ? `× ${f.decimal(p.value)}` : p.value);
  const words = sorted.filter((p) => p !== main && !isIdLike(p) && p.value !== '' && !/discount|currency/.test(p.name)).map(show);
  return {
    money: main ? f.money(main.value) : '',
    words: words.slice(0, 4),
    details: sorted.map((p) => ({ title: p.title, value: isMoney(p) ? f.money(p.value) : p.value })),
  };
}
