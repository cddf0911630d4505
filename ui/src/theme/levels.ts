// The colours of levels. A tier lists its levels best first; a colour says
// where in that order a level stands, and levels that the standard tiers name
// keep their own colour wherever they appear.

export interface Tone {
  solid: string; // bars and dots
  tint: string; // grounds
  ink: string; // text on the tint, at least 4.5:1
}

const tone = (solid: string, tint: string, ink: string): Tone => ({ solid, tint, ink });

export const tones = {
  pine: tone('#0b6a5d', '#d8ede8', '#084c43'),
  teal: tone('#2a9d8f', '#dff3ef', '#0c5a51'),
  aqua: tone('#6cc0bb', '#e6f5f4', '#14595a'),
  sky: tone('#4a97cf', '#e2f0fa', '#19507a'),
  blue: tone('#5b7bd8', '#e7ecfb', '#2c438f'),
  violet: tone('#8a74cf', '#eeebf9', '#4c3a94'),
  sand: tone('#d9b64e', '#faf3da', '#65500c'),
  amber: tone('#e09a3e', '#fcecd6', '#774305'),
  vermilion: tone('#d9664b', '#fbe6e0', '#8a2d1a'),
  rose: tone('#b94a6a', '#f8e3ea', '#7f2143'),
  stone: tone('#a3adb8', '#eceff2', '#475462'),
} as const;

const named: Record<string, Tone> = {
  // R-F grid
  champions: tones.pine,
  loyal: tones.teal,
  potential_loyalist: tones.aqua,
  potential: tones.aqua,
  new: tones.blue,
  promising: tones.sky,
  need_attention: tones.sand,
  about_to_sleep: tones.amber,
  at_risk: tones.vermilion,
  cant_lose: tones.rose,
  cant_loose: tones.rose,
  hibernating: tones.stone,
  // eight classes: 重要 by colour, 一般 in the same order but paler
  important_value: tones.pine,
  important_develop: tones.teal,
  important_development: tones.teal,
  important_keep: tones.amber,
  important_retain: tones.vermilion,
  important_win_back: tones.vermilion,
  general_value: tones.sky,
  general_develop: tones.blue,
  general_development: tones.blue,
  general_keep: tones.sand,
  general_retain: tones.stone,
  general_win_back: tones.stone,
  general_winback: tones.stone,
  important_winback: tones.vermilion,
  often_much: tones.pine,
  often_little: tones.amber,
  seldom_much: tones.sky,
  seldom_little: tones.stone,
  die_hard: tones.pine,
  ordinary: tones.sky,
  silent: tones.stone,
  mature: tones.sky,
  lost: tones.stone,
  high: tones.pine,
  middle: tones.sky,
  low: tones.stone,
};

const order: Record<number, Tone[]> = {
  1: [tones.pine],
  2: [tones.pine, tones.stone],
  3: [tones.pine, tones.sky, tones.stone],
  4: [tones.pine, tones.sky, tones.amber, tones.stone],
  5: [tones.pine, tones.teal, tones.sky, tones.amber, tones.stone],
};
const long = [tones.pine, tones.teal, tones.aqua, tones.sky, tones.blue, tones.violet, tones.sand, tones.amber, tones.vermilion, tones.rose, tones.stone];

/** toneOf gives a level its colour. Position and of are those in the tier, best first; without them only the id counts. */
export function toneOf(level: string, position?: number, of?: number): Tone {
  const own = named[level.toLowerCase().replaceAll('-', '_')];
  if (own) return own;
  if (level === 'none' || level === '-' || level === '') return tones.stone;
  if (position === undefined || of === undefined) return tones.stone;
  const row = order[of];
  if (row) return row[Math.min(position, row.length - 1)]!;
  return long[Math.round((position * (long.length - 1)) / Math.max(1, of - 1))]!;
}
