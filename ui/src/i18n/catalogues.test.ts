import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { zh } from './zh';

const holes = (text: string) => (text.match(/\{\{\w+\}\}|<\/?\w+\/?>/g) ?? []).sort();

const source = (dir: string): string =>
  readdirSync(dir, { withFileTypes: true })
    .map((e) => (e.isDirectory() ? source(path.join(dir, e.name)) : /\.tsx?$/.test(e.name) && !/(^zh|^en|\.test|\.d)\.ts$/.test(e.name) ? readFileSync(path.join(dir, e.name), 'utf8') : ''))
    .join('\n');

describe('the two catalogues', () => {
  it('have the same keys in the same order', () => expect(Object.keys(en)).toEqual(Object.keys(zh)));

  it('say something under every key, with the same parts', () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(zh[key].trim(), key).not.toBe('');
      expect(en[key].trim(), key).not.toBe('');
      expect(holes(en[key]), key).toEqual(holes(zh[key]));
      expect(en[key], key).not.toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it('have no text that nothing shows', () => {
    const code = source(path.resolve(import.meta.dirname, '..'));
    const unused = Object.keys(zh).filter((key) => {
      const name = key.replace(/_(one|other)$/, '');
      if (code.includes(`'${name}'`) || code.includes(`"${name}"`)) return false;
      // Keys that end in a value are written as t(`prefix.${value}`).
      const parts = name.split('.');
      return !parts.some((_, i) => i > 0 && code.includes(`\`${parts.slice(0, i).join('.')}.\${`));
    });
    expect(unused).toEqual([]);
  });
});

describe('the code', () => {
  it('holds no Chinese outside the catalogue', () => {
    const lines = source(path.resolve(import.meta.dirname, '..'))
      .split('\n')
      .filter((l) => /[\u4e00-\u9fff]/.test(l) && !/^\s*(\/\/|\*|\/\*)/.test(l));
    // The language switch names each language in itself.
    expect(lines.filter((l) => !/^\s*<span (aria-hidden="true"|className="sr")>中文?<\/span>$/.test(l))).toEqual([]);
  });
});
