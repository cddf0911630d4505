import { createContext, useContext, useEffect, useSyncExternalStore } from 'react';
import { createFormat, type Format } from '@/format';

export const FormatContext = createContext<Format>(createFormat({ lang: 'zh', zone: 'Asia/Shanghai', currency: 'CNY' }));

/** useFormat writes numbers, money and dates in the language of the page and the zone and currency of the business. */
export const useFormat = () => useContext(FormatContext);

const media = (query: string) => {
  const list = window.matchMedia(query);
  return {
    subscribe: (changed: () => void) => {
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    now: () => list.matches,
  };
};

const narrow = media('(max-width: 767px)');

/** useNarrow says whether the page is as wide as a phone. */
export const useNarrow = () => useSyncExternalStore(narrow.subscribe, narrow.now);

// The title of the page that is open, for the bar above it.
let title = '';
const readers = new Set<() => void>();

/** usePageTitle names the page in the browser's tab and in the bar. */
export function usePageTitle(next: string) {
  useEffect(() => {
    title = next;
    document.title = next ? `${next} · Strata` : 'Strata';
    readers.forEach((r) => r());
  }, [next]);
}

export const useOpenTitle = () =>
  useSyncExternalStore(
    (r) => {
      readers.add(r);
      return () => readers.delete(r);
    },
    () => title,
  );
