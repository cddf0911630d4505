import { Link } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import type { Text2 } from '@/api/types';
import { useText } from '@/i18n';
import { toneOf } from '@/theme/levels';

export interface LevelLike {
  id: string;
  name: Text2;
  position?: number;
  of?: number;
}

/** levelStyle gives an element the colours of a level as custom properties. */
export function levelStyle(id: string, position?: number, of?: number): CSSProperties {
  const { solid, tint, ink } = toneOf(id, position, of);
  return { '--solid': solid, '--tint': tint, '--level-ink': ink } as CSSProperties;
}

export function useLevelName() {
  const text = useText();
  const { t } = useTranslation();
  return (id: string, name: Text2 | null | undefined) => (id === '-' || id === '' ? t('level.none') : text(name) || id);
}

export function LevelChip({ id, name, position, of, tier, small, title }: LevelLike & { tier?: string; small?: boolean; title?: string }) {
  const nameOf = useLevelName();
  const className = small ? 'level small' : 'level';
  const style = levelStyle(id, position, of);
  const inner = <span>{nameOf(id, name)}</span>;
  if (!tier) {
    return (
      <span className={className} style={style} title={title}>
        {inner}
      </span>
    );
  }
  return (
    <Link className={className} style={style} title={title} to="/customers" search={{ tier, level: id }}>
      {inner}
    </Link>
  );
}
