import { describe, expect, it } from 'vitest';
import { addDays, createFormat, dayOf, NONE } from './format';

const zh = createFormat({ lang: 'zh', zone: 'Asia/Shanghai', currency: 'CNY' });
const en = createFormat({ lang: 'en', zone: 'Asia/Shanghai', currency: 'CNY' });

describe('money', () => {
  it.each([
    ['128', '¥128.00'],
    ['1234567.5', '¥1,234,567.50'],
    ['-20.00', '-¥20.00'],
    ['0', '¥0.00'],
    // More digits than a float holds stay as they are.
    ['9007199254740993.27', '¥9,007,199,254,740,993.27'],
    ['not a number', 'not a number'],
    ['', NONE],
    [null, NONE],
  ])('%s is %s', (value, want) => expect(zh.money(value)).toBe(want));

  it('is short only from 10,000 on', () => {
    expect(zh.moneyCompact('9999.5')).toBe('¥9,999.50');
    expect(zh.moneyCompact('6321450.2')).toBe('¥632.1万');
    expect(en.moneyCompact('6321450.2')).toBe('¥6.3m');
  });

  it('names another currency', () => expect(createFormat({ lang: 'en', zone: 'UTC', currency: 'GBP' }).money('1.5')).toBe('£1.50'));
});

describe('numbers', () => {
  it.each([
    [zh.count(12345), '12,345'],
    [zh.share(0.4567), '45.7%'],
    [zh.share(0.05), '5.0%'],
    [zh.change(0.057), '+5.7%'],
    [zh.change(-0.2), '-20.0%'],
    [zh.points(-0.009), '-0.9'],
    [zh.points(null), NONE],
    [zh.signed(37), '+37'],
    [zh.signed(0), '0'],
  ])('%s', (got, want) => expect(got).toBe(want));
});

describe('dates', () => {
  it('are those of the business zone, wherever the browser is', () => {
    expect(zh.date('2026-07-26T23:30:00Z')).toBe('2026年7月27日');
    expect(zh.dateTime('2026-07-26T23:30:00Z')).toBe('2026年7月27日 07:30');
    expect(en.dateTime('2026-07-26T23:30:00Z')).toBe('27 Jul 2026, 07:30');
    expect(zh.time('2026-07-26T16:00:00Z')).toBe('00:00');
  });

  it('leave a civil day as it is', () => {
    const far = createFormat({ lang: 'zh', zone: 'America/Los_Angeles', currency: 'CNY' });
    expect(far.date('2026-03-01')).toBe('2026年3月1日');
    expect(far.weekday('2026-03-01')).toBe('周日');
    expect(far.tick('2026-03-01')).toBe('3/1');
  });

  it('say where there is none', () => {
    expect(zh.date(null)).toBe(NONE);
    expect(zh.date('soon')).toBe('soon');
  });

  it('move by civil days over month and year', () => {
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2025-12-31', 1)).toBe('2026-01-01');
    expect(dayOf('2026-07-27T22:14:00+08:00')).toBe('2026-07-27');
  });
});
