import type { ReactNode } from 'react';
import { usePageTitle } from './context';

interface HeadProps {
  title: string;
  text?: ReactNode;
  actions?: ReactNode;
}

/** Head opens a page: its title, a line about it, and what can be done. */
export function Head({ title, text, actions }: HeadProps) {
  usePageTitle(title);
  return (
    <div className="head">
      <div>
        <h1>{title}</h1>
        {text ? <p>{text}</p> : null}
      </div>
      {actions ? <div className="actions">{actions}</div> : null}
    </div>
  );
}

interface CardProps {
  title?: ReactNode;
  note?: ReactNode;
  end?: ReactNode;
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Card({ title, note, end, flush, className, children }: CardProps) {
  return (
    <section className={`card ${className ?? ''}`}>
      {title || end ? (
        <header>
          <div className="title">
            {title ? <h2>{title}</h2> : null}
            {note ? <span className="note">{note}</span> : null}
          </div>
          {end ? <div className="end">{end}</div> : null}
        </header>
      ) : null}
      <div className={flush ? 'body flush' : 'body'}>{children}</div>
    </section>
  );
}
