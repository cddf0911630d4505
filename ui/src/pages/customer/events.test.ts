import { describe, expect, it } from 'vitest';
import { createFormat } from '@/format';
import { eventLine } from './events';

const f = createFormat({ lang: 'zh', zone: 'Asia/Shanghai', currency: 'CNY' });

const line = (event: string, properties: Record<string, string>) => {
  const got = eventLine(
    {
      event,
      title: { zh: event, en: event },
      at: '2026-07-27T10:00:00+08:00',
      source: 'pos',
      id: '1',
      properties: Object.entries(properties).map(([name, value]) => ({ name, title: { zh: `<${name}>`, en: name }, value })),
    },
    f,
  );
  return [got.money, ...got.words.map((w) => (w.title ? `${w.title.zh} ${w.value}` : w.value))].filter(Boolean).join(' · ');
};

describe('an event in one line', () => {
  it.each([
    ['order_paid', { amount: '128.00', channel: '堂食', order_id: 'O1', promoted: 'false', store: '朝阳大悦城店', discount: '10.00' }, '¥128.00 · 朝阳大悦城店 · 堂食'],
    ['item_bought', { amount: '24.00', product: '金针菇', quantity: '2', category: '素菜', sku: 'D4005', brand: '和味集' }, '¥24.00 · 金针菇 · × 2 · 素菜'],
    ['bill_scanned', { amount: '87.00', store: '成都玉林店', table: '30' }, '¥87.00 · 成都玉林店 · <table> 30'],
    ['coupon_used', { coupon: '满100减20', face_value: '20.00', threshold: '100.00', coupon_id: 'C1' }, '¥20.00 · 满100减20'],
    ['review_posted', { score: '5.0', platform: '大众点评', order_id: 'O1' }, '大众点评 · <score> 5'],
    ['something_of_their_own', { colour: 'red', length: '12' }, 'red · <length> 12'],
    ['nothing_said', {}, ''],
  ])('%s', (event, properties, want) => expect(line(event, properties as Record<string, string>)).toBe(want));
});
