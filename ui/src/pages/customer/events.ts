// How an event reads in one line: what happened, the money, then what and where.
import type { EventInfo, PropertyInfo, Text2 } from '@/api/types';
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

const isDecimal = (v: string) => /^-?\d+(\.\d+)?$/.test(v);

/** isMoney tells by the name of a property or attribute whether its number is money of the business. */
export const isMoney = (p: { name: string; value: string }) =>
  /(^|_)(amount|price|paid|spend|discount|balance|bonus|threshold)$|^face_value$/.test(p.name) && isDecimal(p.value);

// Money that is the point of an event, most telling first.
const headMoney = ['amount', 'face_value', 'price'];

// Words that speak for themselves, in reading order.
const plain = ['product', 'coupon', 'title', 'form', 'model', 'reason', 'group', 'account', 'page', 'category', 'store', 'platform', 'channel', 'topic'];

// Numbers and names that need to be told what they are.
const named = ['table', 'people', 'score', 'staff', 'date'];

// Shown with the details only: keys, codes, marks.
const isDetail = (p: PropertyInfo) => /(^|_)(id|no|code|key|sku|brand|found|promoted|promotion|kind|source|seconds|currency|referred)$/.test(p.name) || p.value === 'true' || p.value === 'false';

export interface EventLine {
  money: string;
  words: { title?: Text2; value: string }[];
  details: { title: Text2; value: string }[];
}

export function eventLine(e: EventInfo, f: Format): EventLine {
  const by = new Map(e.properties.map((p) => [p.name, p]));
  const money = headMoney.map((n) => by.get(n)).find((p) => p && isMoney(p));
  const show = (p: PropertyInfo) => (isMoney(p) ? f.money(p.value) : isDecimal(p.value) ? f.decimal(p.value) : p.value);
  const rest = e.properties.filter((p) => p !== money && p.value !== '' && !isDetail(p) && !isMoney(p));
  const words: EventLine['words'] = [];
  for (const name of plain) {
    const p = rest.find((x) => x.name === name);
    if (p) words.push({ value: p.value });
    const quantity = name === 'product' ? by.get('quantity') : undefined;
    if (quantity && quantity.value !== '1') words.push({ value: `× ${f.decimal(quantity.value)}` });
  }
  for (const p of rest) {
    if (plain.includes(p.name) || p.name === 'quantity') continue;
    if (named.includes(p.name) || isDecimal(p.value)) words.push({ title: p.title, value: p.name === 'table' ? p.value : show(p) });
    else words.push({ value: p.value });
  }
  return { money: money ? f.money(money.value) : '', words: words.slice(0, 5), details: e.properties.map((p) => ({ title: p.title, value: isMoney(p) ? f.money(p.value) : p.value })) };
}
