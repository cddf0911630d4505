import type { DefinitionKind } from '@/api/definitions';

/** Words that differ by the kind of a definition, as keys of the catalogue. */
export const words = {
  segment: { count: 'segments.count', back: 'definition.back_segment', matching: 'samples.members', others: 'samples.not_members', none: 'samples.all_members' },
  tag: { count: 'tags.have', back: 'definition.back_tag', matching: 'samples.with_value', others: 'samples.without_value', none: 'samples.all_with_value' },
  tier: { count: 'tier.with_level', back: 'definition.back_tier', matching: 'samples.with_level', others: 'samples.without_level', none: 'samples.all_with_level' },
} as const;

/** filterOf is the list of those whom a definition holds. */
export const filterOf = (kind: DefinitionKind, name: string): { segment?: string; tag?: string; tier?: string } => ({ [kind]: name });

export const hasPage = (kind: string): kind is DefinitionKind => kind === 'segment' || kind === 'tag' || kind === 'tier';
