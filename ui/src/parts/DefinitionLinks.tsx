import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Button } from 'antd';
import type { MouseEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { sessionQuery } from '@/api/queries';
import { Icon, type IconName } from './Icon';

export type PageKind = 'segment' | 'tag' | 'tier';

/** useMayPublish says whether the account may change definitions; the server decides in the end. */
export function useMayPublish() {
  const { data } = useQuery(sessionQuery);
  return data?.role === 'owner' || data?.role === 'operator';
}

/** definitionPath is where a definition, its editor, or the editor of a new one is. */
export const definitionPath = {
  page: (kind: PageKind, name: string) => `/${kind}s/${encodeURIComponent(name)}`,
  definition: (kind: PageKind, name: string) => `/${kind}s/${encodeURIComponent(name)}/definition`,
  edit: (kind: PageKind, name: string) => `/${kind}s/${encodeURIComponent(name)}/edit`,
  fresh: (kind: PageKind) => `/${kind}s/new-${kind}`,
};

interface LinkButtonProps {
  to: string;
  icon?: IconName;
  primary?: boolean;
  children: ReactNode;
}

/** LinkButton is a button that leads to another page of the console. */
export function LinkButton({ to, icon, primary, children }: LinkButtonProps) {
  const router = useRouter();
  const location = router.buildLocation({ to } as never);
  const open = (e: MouseEvent) => {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || e.button !== 0) return;
    e.preventDefault();
    void router.navigate({ to } as never);
  };
  return (
    <Button type={primary ? 'primary' : 'default'} href={location.href} icon={icon ? <Icon name={icon} size={16} /> : undefined} onClick={open}>
      {children}
    </Button>
  );
}

/** DefinitionButton opens the page of a definition. */
export function DefinitionButton({ kind, name }: { kind: PageKind; name: string }) {
  const { t } = useTranslation();
  return (
    <LinkButton to={definitionPath.definition(kind, name)} icon="code">
      {t('definition.title')}
    </LinkButton>
  );
}

/** NewButton opens the editor of a new definition, for those who may publish one. */
export function NewButton({ kind }: { kind: PageKind }) {
  const { t } = useTranslation();
  if (!useMayPublish()) return null;
  return (
    <LinkButton to={definitionPath.fresh(kind)} primary>
      {t('editor.new')}
    </LinkButton>
  );
}
