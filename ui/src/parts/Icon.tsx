// Line icons on a 20 x 20 grid, drawn for this console so that all have one weight.
const paths = {
  overview: 'M3 16.5V9.8M8 16.5V4.5M12.9 16.5v-5M17.4 16.5V7',
  customers: 'M7.6 9.6a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8M2.3 16.6c.3-3 2.4-4.7 5.3-4.7s5 1.7 5.3 4.7M13.3 4.2a2.7 2.7 0 0 1 0 5.2M15 12.2c1.7.7 2.6 2.2 2.8 4.4',
  tags: 'M3 4.5v5.3l6.9 6.9a1.3 1.3 0 0 0 1.9 0l4.7-4.7a1.3 1.3 0 0 0 0-1.9L9.6 3.2H4.3A1.3 1.3 0 0 0 3 4.5M6.7 6.9h.01',
  segments: 'M8 12.8a4.8 4.8 0 1 0 0-9.6 4.8 4.8 0 0 0 0 9.6M12 16.8a4.8 4.8 0 1 0 0-9.6 4.8 4.8 0 0 0 0 9.6',
  tiers: 'M10 3 2.8 6.6 10 10.2l7.2-3.6zM2.8 10.2 10 13.8l7.2-3.6M2.8 13.7 10 17.3l7.2-3.6',
  imports: 'M10 3v9M6.5 8.8 10 12.3l3.5-3.5M3.2 13.5v2.2c0 .8.6 1.3 1.3 1.3h11c.7 0 1.3-.5 1.3-1.3v-2.2',
  audit: 'M10 2.8 4 5v4.5c0 3.6 2.4 6.3 6 7.7 3.6-1.4 6-4.1 6-7.7V5zM7.4 9.8l1.9 1.9 3.5-3.7',
  more: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  search: 'M8.8 14.2a5.4 5.4 0 1 0 0-10.8 5.4 5.4 0 0 0 0 10.8M16.8 16.8l-4-4',
  export: 'M10 12.3v-9M6.5 6.5 10 3l3.5 3.5M3.2 12.5v3.2c0 .8.6 1.3 1.3 1.3h11c.7 0 1.3-.5 1.3-1.3v-3.2',
  close: 'm5 5 10 10M15 5 5 15',
  right: 'm7.5 4.5 5.5 5.5-5.5 5.5',
  left: 'M12.5 4.5 7 10l5.5 5.5',
  down: 'm4.5 7.5 5.5 5.5 5.5-5.5',
  arrow: 'M3.5 10h13M12 5.5l4.5 4.5-4.5 4.5',
  check: 'm4 10.5 4 4 8-9',
  cross: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4.2l2.7 1.7',
  why: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M7.9 8a2.1 2.1 0 1 1 3.3 1.7c-.8.5-1.2.9-1.2 1.7M10 13.7h.01',
  table: 'M3 4.5h14v11H3zM3 8.5h14M8 8.5v7',
  chart: 'M3 3.5v13h14M6 12.5l3-4 3 2.5 4-5.5',
  code: 'm7 6-4 4 4 4M13 6l4 4-4 4',
  store: 'M3.5 8.5v8h13v-8M2.5 7.2l1.7-3.7h11.6l1.7 3.7c0 1.2-.8 2-1.9 2s-1.9-.8-1.9-2c0 1.2-.8 2-1.8 2s-1.9-.8-1.9-2c0 1.2-.9 2-1.9 2s-1.9-.8-1.9-2c0 1.2-.8 2-1.8 2s-2.1-.8-2.1-2',
  person: 'M10 9.6a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M3.8 17c.3-3.2 2.7-5 6.2-5s5.9 1.8 6.2 5',
  phone: 'M6 2.8h8v14.4H6zM9 14.8h2',
  key: 'M7 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M10.5 10h7M14.5 10v3',
  bag: 'M4.3 6.8h11.4l.8 10H3.5zM7 6.8c0-2.2 1.2-3.6 3-3.6s3 1.4 3 3.6',
  back: 'M7 5.5 3.5 9 7 12.5M3.5 9h8a4.2 4.2 0 0 1 0 8.4H8',
  coupon: 'M2.8 6.5a1.2 1.2 0 0 1 1.2-1.2h12a1.2 1.2 0 0 1 1.2 1.2v1.8a1.7 1.7 0 0 0 0 3.4v1.8a1.2 1.2 0 0 1-1.2 1.2H4a1.2 1.2 0 0 1-1.2-1.2v-1.8a1.7 1.7 0 0 0 0-3.4zM8 5.5v9',
  wallet: 'M3 6.5c0-.9.7-1.5 1.5-1.5H15v3M3 6.5v8c0 .9.7 1.5 1.5 1.5h12v-8h-12C3.7 8 3 7.4 3 6.5M13.5 12h.01',
  eye: 'M2 10s2.9-5.2 8-5.2 8 5.2 8 5.2-2.9 5.2-8 5.2S2 10 2 10M10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6',
  chat: 'M3 5.3C3 4.6 3.6 4 4.3 4h11.4c.7 0 1.3.6 1.3 1.3v7.4c0 .7-.6 1.3-1.3 1.3H9l-3.7 3v-3h-1c-.7 0-1.3-.6-1.3-1.3z',
  form: 'M5 3h10v14H5zM7.5 7h5M7.5 10h5M7.5 13h3',
  star: 'm10 3 2.1 4.4 4.9.7-3.5 3.4.8 4.9-4.3-2.3-4.3 2.3.8-4.9L3 8.1l4.9-.7z',
  dot: 'M10 11.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3',
  logout: 'M8 3.5H4.5v13H8M12 6.5l3.5 3.5-3.5 3.5M7.5 10h8',
  lock: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  warn: 'M10 3.5 2.5 16.5h15zM10 8.5v3.7M10 14.3h.01',
  empty: 'M3 11l2.5-6.5h9L17 11v5H3zM3 11h4l1.2 2h3.6L13 11h4',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0d5f66" />
      <path d="M6 11.5 16 7l10 4.5-10 4.5z" fill="#fff" />
      <path d="m6 16 10 4.5L26 16" fill="none" stroke="#9fd8d2" strokeWidth="2.4" strokeLinejoin="round" strokeLinecap="round" />
      <path d="m6 20.7 10 4.5 10-4.5" fill="none" stroke="#e0b45c" strokeWidth="2.4" strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}
