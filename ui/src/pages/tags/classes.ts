import { useTranslation } from 'react-i18next';

const known = ['static', 'consumption', 'behaviour', 'tier'] as const;
type Class = (typeof known)[number];

/** classes groups tags by class, in the order of the framework, what has none last. */
export function classes<T extends { class: string }>(tags: T[]): { name: string; tags: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const x of tags) groups.set(x.class, [...(groups.get(x.class) ?? []), x]);
  const at = (name: string) => {
    const i = (known as readonly string[]).indexOf(name);
    return i < 0 ? known.length : i;
  };
  return [...groups].map(([name, list]) => ({ name, tags: list })).sort((a, b) => at(a.name) - at(b.name));
}

export function useClassName() {
  const { t } = useTranslation();
  return (name: string) => ((known as readonly string[]).includes(name) ? t(`class.${name as Class}`) : name || t('class.other'));
}
