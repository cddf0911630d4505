import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { useCallback } from 'react';
import type { Lang } from '@/format';
import type { Text2 } from '@/api/types';
import { en } from './en';
import { zh } from './zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof zh };
    keySeparator: false;
    nsSeparator: false;
    returnNull: false;
  }
}

const STORED = 'strata.lang';

const isLang = (v: unknown): v is Lang => v === 'zh' || v === 'en';

/** startLang is the language of the first page: the URL, else what was chosen before, else Chinese. */
export function startLang(): Lang {
  const asked = new URLSearchParams(window.location.search).get('lang');
  if (isLang(asked)) return asked;
  const stored = window.localStorage.getItem(STORED);
  return isLang(stored) ? stored : 'zh';
}

export function applyLang(lang: Lang) {
  window.localStorage.setItem(STORED, lang);
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  if (i18next.language !== lang) void i18next.changeLanguage(lang);
}

export function startI18n() {
  const lang = startLang();
  void i18next.use(initReactI18next).init({
    lng: lang,
    fallbackLng: false,
    resources: { zh: { translation: zh }, en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    saveMissing: true,
    missingKeyHandler: (languages, _ns, key) => console.error(`missing translation: ${languages.join()} ${key}`),
  });
  applyLang(lang);
}

export function useLang(): Lang {
  const { i18n } = useTranslation();
  return isLang(i18n.language) ? i18n.language : 'zh';
}

/** useText picks the language of names and sentences that come from definitions; Chinese where there is no English. */
export function useText() {
  const lang = useLang();
  return useCallback((text: Text2 | null | undefined) => (text ? (lang === 'en' && text.en ? text.en : text.zh || text.en || '') : ''), [lang]);
}
