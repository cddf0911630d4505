import type { DefinitionKind } from '@/api/definitions';
import type { Lang } from '@/format';

export interface TemplateWords {
  lang: Lang;
  owner: string;
  name: string;
  purpose: string;
  consumer: string;
  high: string;
  low: string;
}

const head = (w: TemplateWords) => `    name: {${w.lang}: ${w.name}}
    owner: ${w.owner}
    purpose: ${w.purpose}
    consumer: ${w.consumer}
`;

/** template is a definition that works as it stands, to begin a new one with. */
export function template(kind: DefinitionKind, w: TemplateWords): string {
  switch (kind) {
    case 'segment':
      return `segments:
  new_segment:
${head(w)}    where:
      all:
        - event: order_paid
          within: 90d
          times: {at_least: 2}
        - not: {event: order_refunded, within: 90d}
`;
    case 'tag':
      return `tags:
  new_tag:
${head(w)}    class: consumption
    value:
      sum: {event: order_paid, of: amount, within: 90d}
`;
    case 'tier':
      return `tiers:
  new_tier:
${head(w)}    applies_to: {event: order_paid, within: 1y}
    levels:
      - {id: high, name: {${w.lang}: ${w.high}}}
      - {id: low, name: {${w.lang}: ${w.low}}}
    rules:
      - {level: high, where: {event: order_paid, within: 90d, times: {at_least: 3}}}
    otherwise: low
`;
  }
}
