import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useNarrow } from './context';

export interface Column<T> {
  key: string;
  title: ReactNode;
  render: (row: T, i: number) => ReactNode;
  right?: boolean;
  width?: number | string;
}

interface ListProps<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T, i: number) => string;
  card: (row: T) => ReactNode;
  href?: (row: T) => string;
  dim?: boolean;
}

/** List is a table, and on a phone a list of cards. */
export function List<T>({ label, rows, columns, rowKey, card, href, dim }: ListProps<T>) {
  const narrow = useNarrow();
  const navigate = useNavigate();
  const style = dim ? { opacity: 0.55, transition: 'opacity .15s' } : { transition: 'opacity .15s' };
  if (narrow) {
    return (
      <ul className="cards" aria-label={label} aria-busy={dim} style={style}>
        {rows.map((row, i) => (
          <li key={rowKey(row, i)}>{card(row)}</li>
        ))}
      </ul>
    );
  }
  return (
    <Scroll label={label}>
      <table className="table" aria-busy={dim} style={style}>
        <caption className="sr">{label}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.key} scope="col" className={c.right ? 'r' : undefined} style={{ width: c.width }}>
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr
              key={rowKey(row, i)}
              className={href ? 'link' : undefined}
              onClick={
                href
                  ? (e) => {
                      // A click on the row is a convenience; the name in it is the real link.
                      if ((e.target as Element).closest('a,button') || window.getSelection()?.toString()) return;
                      void navigate({ href: href(row) });
                    }
                  : undefined
              }
            >
              {columns.map((c) => (
                <td key={c.key} className={c.right ? 'r' : undefined}>
                  {c.render(row, i)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Scroll holds what may be wider than the page, and can be reached by keyboard. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
