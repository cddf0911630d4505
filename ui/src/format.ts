// All numbers, money and dates that people read are written here, with Intl.
// Instants come as RFC 3339 and are shown in the business zone; money and
// decimals come as exact decimal strings and are never turned into floats.

export type Lang = 'zh' | 'en';

export interface FormatOptions {
  lang: Lang;
  zone: string; // IANA name of the business zone
  currency: string; // ISO 4217
}

// What is shown where there is no value.
export const NONE = '–';

type Decimal = string | number | null | undefined;

const isNothing = (v: unknown): v is null | undefined | '' => v === null || v === undefined || v === '';

// Intl formats a decimal string exactly; its type asks for a numeric literal.
const exact = (v: string | number) => v as unknown as number;

const isDecimal = (v: string) => /^-?\d+(\.\d+)?$/.test(v);

/** dayOf returns the civil day (YYYY-MM-DD) written in an RFC 3339 instant or a date, in the zone it is written in. */
export const dayOf = (at: string) => at.slice(0, 10);

/** addDays moves a civil day; it does not depend on any zone. */
export function addDays(day: string, n: number): string {
  const [y = 1970, m = 1, d = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(y, m - 1, d + n)).toISOString().slice(0, 10);
}

export function createFormat({ lang, zone, currency }: FormatOptions) {
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB';
  const symbol = { currency, style: 'currency', currencyDisplay: 'narrowSymbol' } as const;
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const money = new Intl.NumberFormat(locale, symbol);
  const moneyWhole = new Intl.NumberFormat(locale, { ...symbol, maximumFractionDigits: 0 });
  const moneyCompact = new Intl.NumberFormat(locale, { ...symbol, notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const moneyTick = new Intl.NumberFormat(locale, { ...symbol, notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const change = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' });
  const points = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, signDisplay: 'exceptZero' });
  const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  const day = { timeZone: zone, day: 'numeric' } as const;
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const dateFull = new Intl.DateTimeFormat(locale, { ...day, year: 'numeric', month: lang === 'zh' ? 'long' : 'short' });
  const dateShort = new Intl.DateTimeFormat(locale, { ...day, month: lang === 'zh' ? 'long' : 'short' });
  const dateTime = new Intl.DateTimeFormat(locale, { ...day, ...clock, year: 'numeric', month: lang === 'zh' ? 'long' : 'short' });
  const seconds = new Intl.DateTimeFormat(locale, { ...day, ...clock, second: '2-digit', year: 'numeric', month: lang === 'zh' ? 'long' : 'short' });
  const shortTime = new Intl.DateTimeFormat(locale, { ...day, ...clock, month: lang === 'zh' ? 'long' : 'short' });
  const time = new Intl.DateTimeFormat(locale, { timeZone: zone, ...clock });
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: 'short' });
  // A civil day has no zone: it is written as it stands.
  const civil = (o: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { ...o, timeZone: 'UTC' });
  const civilFull = civil({ day: 'numeric', year: 'numeric', month: lang === 'zh' ? 'long' : 'short' });
  const civilShort = civil({ day: 'numeric', month: lang === 'zh' ? 'long' : 'short' });
  const civilTick = civil({ day: 'numeric', month: 'numeric' });

  const instant = (at: string | null | undefined, f: Intl.DateTimeFormat, ofDay: Intl.DateTimeFormat) => {
    if (isNothing(at)) return NONE;
    const onlyDay = /^\d{4}-\d{2}-\d{2}$/.test(at);
    const d = new Date(onlyDay ? `${at}T00:00:00Z` : at);
    if (Number.isNaN(d.getTime())) return at;
    return (onlyDay ? ofDay : f).format(d);
  };
  const number = (v: Decimal, f: Intl.NumberFormat) => {
    if (isNothing(v)) return NONE;
    if (typeof v === 'string' && !isDecimal(v)) return v;
    return f.format(exact(v));
  };

  return {
    lang,
    count: (v: Decimal) => number(v, integer),
    decimal: (v: Decimal) => number(v, decimal),
    compact: (v: Decimal) => number(v, compact),
    money: (v: Decimal) => number(v, money),
    moneyWhole: (v: Decimal) => number(v, moneyWhole),
    /** Short from 10,000 on, to the cent below. */
    moneyCompact: (v: Decimal) => number(v, Math.abs(Number(v)) < 10_000 ? money : moneyCompact),
    /** For the axis of a chart. */
    moneyTick: (v: number) => number(v, moneyTick),
    /** A share of 0..1 as a percentage. */
    share: (v: Decimal) => number(v, share),
    /** A relative change (0.12 is +12 %). */
    change: (v: Decimal) => number(v, change),
    /** A difference of two shares in percentage points, without the unit. */
    points: (v: number | null | undefined) => (isNothing(v) ? NONE : points.format(v * 100)),
    signed: (v: Decimal) => number(v, signed),
    date: (at: string | null | undefined) => instant(at, dateFull, civilFull),
    dateShort: (at: string | null | undefined) => instant(at, dateShort, civilShort),
    /** The shortest form of a day, for the axis of a chart. */
    tick: (at: string) => instant(at, dateShort, civilTick),
    dateTime: (at: string | null | undefined) => instant(at, dateTime, civilFull),
    dateTimeSeconds: (at: string | null | undefined) => instant(at, seconds, civilFull),
    dateTimeShort: (at: string | null | undefined) => instant(at, shortTime, civilShort),
    time: (at: string | null | undefined) => instant(at, time, civilShort),
    weekday: (at: string) => instant(at, weekday, civil({ weekday: 'short' })),
  };
}

export type Format = ReturnType<typeof createFormat>;
