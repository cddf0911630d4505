import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { usePageTitle } from '@/parts/context';
import { Logo } from '@/parts/Icon';
import { LangSwitch } from '@/shell/Shell';

// Beds of rock, one over the other: what a customer base looks like when it is in order.
const beds = [
  { d: 'M0 250 C120 215 210 285 330 250 S520 205 640 245 V900 H0Z', fill: '#0f6970' },
  { d: 'M0 345 C140 385 230 300 360 345 S540 395 640 350 V900 H0Z', fill: '#137a7d' },
  { d: 'M0 440 C110 405 240 470 350 435 S540 410 640 450 V900 H0Z', fill: '#3f9d97' },
  { d: 'M0 525 C150 560 250 490 380 530 S560 560 640 520 V900 H0Z', fill: '#86c3b8' },
  { d: 'M0 615 C130 580 240 640 360 605 S550 590 640 625 V900 H0Z', fill: '#dcbf7d' },
  { d: 'M0 700 C140 735 260 670 380 705 S560 730 640 695 V900 H0Z', fill: '#d9a640' },
  { d: 'M0 780 C120 755 250 805 370 775 S550 765 640 795 V900 H0Z', fill: '#c9823c' },
];

/** Gate is the page around the two forms that stand before the console. */
export function Gate({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  const { t } = useTranslation();
  usePageTitle(title);
  return (
    <div className="gate">
      <div className="gate-art" aria-hidden="true">
        <svg viewBox="0 0 640 900" preserveAspectRatio="xMidYMid slice">
          {beds.map((b) => (
            <path key={b.fill} {...b} />
          ))}
        </svg>
        <div>
          <strong>{t('gate.line')}</strong>
          <span>{t('gate.words')}</span>
        </div>
      </div>
      <main className="gate-form">
        <div className="gate-lang">
          <LangSwitch />
        </div>
        <div className="gate-box">
          <span className="gate-brand">
            <Logo size={36} />
            Strata
          </span>
          <h1>{title}</h1>
          <p>{text}</p>
          {children}
        </div>
      </main>
    </div>
  );
}
