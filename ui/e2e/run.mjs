// Opens every page of a running console in a real browser, in both languages
// and both widths, and fails on what a customer should never see.
//
//   STRATA_URL      address of a running `strata serve`, default http://127.0.0.1:8080
//   STRATA_SIGN_IN  a one-time sign-in link (its account gets a new password), or
//   STRATA_ACCOUNT and STRATA_PASSWORD
//   STRATA_OLD_SIGN_IN  a sign-in link to a business whose data end on 2011-12-09; without it old data are not looked at
//   STRATA_LIVE  the command that lets the demo go on; without it the live page is not looked at
//   CHROMIUM        the browser, default /usr/bin/chromium
//   PAGES, STORIES  only these pages (names with commas), only stories that match (a pattern)
//   SCREENSHOTS     a folder for full-page pictures; none are made without it
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chromium } from 'playwright-core';
import { definitionStories } from './definitions.mjs';
import { sourceStories } from './sources.mjs';

const base = (process.env.STRATA_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const shots = process.env.SCREENSHOTS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const langs = /** @type {const} */ (['zh', 'en']);

if (shots) mkdirSync(shots, { recursive: true });

/** @type {string[]} */
const failures = [];
let checks = 0;

/** @param {boolean} ok @param {string} what */
function check(ok, what) {
  checks++;
  if (ok) return;
  failures.push(what);
  console.error(`  FAIL ${what}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

/** Watches a page for everything that is said on its console or fails to load. @param {import('playwright-core').Page} page */
function watch(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || (m.type() === 'warning' && /deprecated/i.test(m.text()))) said.push(`console: ${m.text().slice(0, 300)}`);
  });
  page.on('pageerror', (e) => said.push(`exception: ${e.message}`));
  page.on('response', (r) => {
    if (r.status() >= 400) said.push(`${r.status()} ${r.url().replace(base, '')}`);
  });
  return said;
}

/** Waits until nothing loads and no bones are left. @param {import('playwright-core').Page} page */
async function settled(page) {
  const quiet = () => page.waitForFunction(() => !!document.querySelector('h1') && !document.querySelector('.bone, .veil, .ant-spin-spinning, [aria-busy="true"]'), null, { timeout: 30_000 });
  await quiet();
  await page.waitForTimeout(200);
  await quiet();
}

/** @param {string} where @param {import('playwright-core').Page} page @param {string} lang */
async function inspect(where, page, lang) {
  const seen = await page.evaluate((english) => {
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    /** @type {string[]} */
    const keys = [];
    /** @type {string[]} */
    const holes = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = walk.nextNode(); n; n = walk.nextNode()) {
      const words = n.textContent?.trim() ?? '';
      if (!words || n.parentElement?.closest('pre, code, script, style, .file')) continue;
      if (/^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+$/.test(words)) keys.push(words);
      if (/\{\{[^}]*\}\}|\bundefined\b|\bNaN\b|\[object Object\]|Invalid Date/.test(words)) holes.push(words);
    }
    const own = 'nav a, thead th, button, label, dt, .tile h2, .card > header h2, .head p, .ant-select-placeholder, .list-foot';
    const chinese = !english
      ? []
      : [...document.querySelectorAll(own)]
          .filter((e) => !e.closest('.level, .chip, .tag-group, .event, .crumbs, [lang="zh-CN"]:not(html), .ant-select-item, .brand, .samples'))
          .filter((e) => !e.querySelector('.level') && !e.matches('.matrix th'))
          .map((e) => (/** @type {HTMLElement} */ (e)).innerText ?? '')
          .filter((s) => /[\u4e00-\u9fff]/.test(s));
    const lang = document.documentElement.lang;
    const unnamed = [...document.querySelectorAll('[role="img"], svg[role]')].filter((e) => !e.getAttribute('aria-label')).length;
    return { wide, keys, holes, chinese, lang, unnamed, title: document.title };
  }, lang === 'en');
  check(seen.wide <= 0, `${where}: the page is ${seen.wide} px wider than the window`);
  check(seen.holes.length === 0, `${where}: ${seen.holes.slice(0, 3).join(', ')} on the page`);
  check(seen.keys.length === 0, `${where}: untranslated ${seen.keys.slice(0, 5).join(', ')}`);
  check(seen.chinese.length === 0, `${where}: Chinese in the English console: ${seen.chinese.slice(0, 4).join(' | ')}`);
  check(seen.lang === (lang === 'zh' ? 'zh-CN' : 'en'), `${where}: html lang is ${seen.lang}`);
  check(seen.unnamed === 0, `${where}: ${seen.unnamed} pictures without a name`);
  check(seen.title !== 'Strata' && seen.title !== '', `${where}: the tab has no title`);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    // @ts-expect-error axe is put on the page above
    const found = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.violations
      .filter((/** @type {any} */ v) => v.impact === 'serious' || v.impact === 'critical')
      .map((/** @type {any} */ v) => `${v.id} ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => `${n.target} ${n.any?.[0]?.message ?? ''}`).join(' ; ')}`);
  });
  check(violations.length === 0, `${where}: axe ${violations.join('\n      ')}`);
}

/** Takes a picture of the whole page, with the bars where they stand at its ends. @param {string} name @param {{width: number, height: number}} viewport @param {boolean} whole */
async function shoot(name, viewport, whole) {
  const height = whole ? await page.evaluate(() => document.documentElement.scrollHeight) : viewport.height;
  if (height > viewport.height) {
    await page.setViewportSize({ width: viewport.width, height });
    await page.waitForTimeout(100);
  }
  await page.screenshot({ path: shotPath(name) });
  if (height > viewport.height) await page.setViewportSize(viewport);
}

/** @param {string} name */
const shotPath = (name) => path.join(shots ?? '', `${name}.png`);

// --- Signing in -----------------------------------------------------------

const context = await browser.newContext({ viewport: sizes.wide, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const said = watch(page);
let account = process.env.STRATA_ACCOUNT ?? '';
let password = process.env.STRATA_PASSWORD ?? '';

/** The sign-in page is looked at before anybody is signed in. */
for (const [size, viewport] of Object.entries(sizes)) {
  for (const lang of langs) {
    await page.setViewportSize(viewport);
    for (const [name, where] of [['login', '/login?'], ['login-refused', '/login?sign_in_link=refused&']]) {
      await page.goto(`${base}${where}lang=${lang}`);
      await settled(page);
      await inspect(`${name} ${lang} ${size}`, page, lang);
      if (shots) await page.screenshot({ path: shotPath(`${name}-${lang}-${size}`), fullPage: true });
    }
  }
}
said.length = 0; // asking for the session without one is answered 401 on purpose
await page.setViewportSize(sizes.wide);

async function signIn() {
  await page.goto(`${base}/login?lang=zh`);
  await page.getByLabel('账号', { exact: true }).fill(account);
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.waitForURL((u) => u.pathname === '/');
}

if (process.env.STRATA_SIGN_IN) {
  await page.goto(process.env.STRATA_SIGN_IN);
  await settled(page);
  if (new URL(page.url()).pathname === '/set-password') {
    password = `${randomBytes(12).toString('base64url')}-e2e`;
    await page.evaluate(() => localStorage.setItem('strata.lang', 'zh'));
    for (const lang of langs) {
      await page.goto(`${base}/set-password?lang=${lang}`);
      await settled(page);
      await inspect(`set-password ${lang}`, page, lang);
      if (shots) await page.screenshot({ path: shotPath(`set-password-${lang}-wide`), fullPage: true });
    }
    await page.goto(`${base}/set-password?lang=zh`);
    await settled(page);
    await page.getByLabel('新密码', { exact: true }).fill('short');
    await page.getByLabel('再次输入新密码').fill('short');
    await page.getByRole('button', { name: '保存并继续' }).click();
    await page.locator('.ant-form-item-explain-error').first().waitFor();
    await page.getByLabel('新密码', { exact: true }).fill(password);
    await page.getByLabel('再次输入新密码').fill(password);
    await page.getByRole('button', { name: '保存并继续' }).click();
    await page.waitForURL((u) => u.pathname === '/');
    check(true, 'the password was set');
  }
} else {
  await signIn();
}
await settled(page);
said.length = 0;

/** Asks the API with the page's session. @param {string} url @returns {Promise<any>} */
const ask = async (url) => (await page.request.get(`${base}/api/v1${url}`)).json();
account ||= (await ask('/session')).account;

// --- Every page, both languages, both widths --------------------------------

const overview = await ask('/overview');
const segments = await ask('/segments');
const tags = await ask('/tags');
const tiers = await ask('/tiers');
const imports = await ask('/imports');
const person = overview.pins[0]?.customer ?? (await ask('/customers?limit=1')).items[0]?.id;
check(!!person, 'there is a customer');
const detail = await ask(`/customers/${encodeURIComponent(person)}`);
const biggest = [...segments].sort((a, b) => b.count - a.count)[0];
const levelled = detail.levels[0];

/** @type {Record<string, string>} */
const pages = {
  overview: '/',
  customers: '/customers',
  'customers-none': '/customers?search=zzzzzzzz',
  customer: `/customers/${encodeURIComponent(person)}`,
  segments: '/segments',
  tags: '/tags',
  tiers: '/tiers',
  imports: '/imports',
  sources: '/sources',
  changes: '/changes',
  audit: '/audit',
  missing: '/no-such-page',
};
if (levelled) pages['customer-why'] = `/customers/${encodeURIComponent(person)}?why=tier.${levelled.tier}`;
if (detail.segments[0]) pages['customer-why-segment'] = `/customers/${encodeURIComponent(person)}?why=segment.${detail.segments[0].name}`;
if (biggest) pages.segment = `/segments/${biggest.name}`;
pages['overview-past'] = `/?as_of=${overview.from}`;
if (tiers[0]) pages['tier-past'] = `/tiers/${tiers[0].name}?as_of=${overview.from}`;
if (tags[0]) pages.tag = `/tags/${tags[0].name}`;
if (biggest) {
  pages['definition-segment'] = `/segments/${biggest.name}/definition`;
  pages['edit-segment'] = `/segments/${biggest.name}/edit`;
  pages['segments-past'] = `/segments?as_of=${overview.from}`;
}
if (tags[0]) pages['definition-tag'] = `/tags/${tags[0].name}/definition`;
if (tiers[0]) pages['definition-tier'] = `/tiers/${tiers[0].name}/definition`;
for (const kind of ['segment', 'tag', 'tier']) pages[`new-${kind}`] = `/${kind}s/new-${kind}`;
for (const t of tiers) pages[`tier-${t.name}`] = `/tiers/${t.name}`;
if (overview.moves[0]) {
  const m = overview.moves[0];
  pages['customers-moved'] = `/customers?tier=${m.tier}&moved_from=${m.from}&moved_to=${m.to}&since=${m.since}`;
}
const refusing = imports.find((/** @type {any} */ x) => x.refused > 0);
if (refusing) pages['imports-refused'] = `/imports?refused=${refusing.id}`;

const only = process.env.PAGES?.split(',') ?? (process.env.STORIES ? [] : undefined);
const told = process.env.STORIES ? new RegExp(process.env.STORIES) : undefined;
for (const [size, viewport] of Object.entries(sizes)) {
  await page.setViewportSize(viewport);
  for (const lang of langs) {
    for (const [name, where] of Object.entries(pages)) {
      if (only && !only.includes(name)) continue;
      said.length = 0;
      const label = `${name} ${lang} ${size}`;
      try {
        await page.goto(`${base}${where}${where.includes('?') ? '&' : '?'}lang=${lang}`);
        await settled(page);
        await inspect(label, page, lang);
        if (shots) await shoot(`${name}-${lang}-${size}`, viewport, !/why=|refused=/.test(where));
      } catch (e) {
        check(false, `${label}: ${e instanceof Error ? e.message.split('\n')[0] : e}`);
      }
      check(said.length === 0, `${label}: ${said.slice(0, 4).join('; ')}`);
    }
  }
  console.log(`${size}: ${Object.keys(pages).length} pages x ${langs.length} languages`);
}

// --- What people do ---------------------------------------------------------

/** The number of customers that the open list says it has. */
const listTotal = async () => {
  await settled(page);
  const words = await page.locator('.head p').first().innerText();
  return Number(words.replace(/\D/g, ''));
};

/** @param {string} name @param {() => Promise<void>} run */
async function story(name, run) {
  if (told ? !told.test(name) : only) return;
  said.length = 0;
  try {
    await page.setViewportSize(sizes.wide);
    await run();
    check(said.length === 0, `${name}: ${said.slice(0, 4).join('; ')}`);
    console.log(`ok ${name}`);
  } catch (e) {
    check(false, `${name}: ${e instanceof Error ? e.message.split('\n').slice(0, 3).join(' ') : e}`);
    if (shots) await page.screenshot({ path: shotPath(`failed-${name.replace(/\W+/g, '-')}`) });
  }
}

await story('the number of customers opens the list of as many', async () => {
  await page.goto(`${base}/?lang=zh`);
  await settled(page);
  await page.locator('.tile-value a').first().click();
  await page.waitForURL(/\/customers/);
  const total = await listTotal();
  check(total === Number(overview.customers.value), `customers: ${overview.customers.value} on the overview, ${total} in the list`);
});

await story('each move opens the people who moved', async () => {
  for (const [i, m] of overview.moves.slice(0, 4).entries()) {
    await page.goto(`${base}/?lang=zh`);
    await settled(page);
    await page.locator('.moves a').nth(i).click();
    await page.waitForURL(/moved_from/);
    const total = await listTotal();
    check(total === m.count, `move ${m.tier} ${m.from} -> ${m.to}: ${m.count} on the overview, ${total} in the list`);
  }
});

await story('a part of a tier opens its list', async () => {
  for (const t of overview.tiers) {
    const l = t.levels.find((/** @type {any} */ x) => x.count > 0);
    if (!l) continue;
    await page.goto(`${base}/?lang=zh`);
    await settled(page);
    await page.locator(`.stacked a[href*="tier=${t.name}"][href*="level=${encodeURIComponent(l.id)}"]`).first().click();
    await page.waitForURL(/level=/);
    const total = await listTotal();
    check(total === l.count, `level ${t.name}/${l.id}: ${l.count} on the overview, ${total} in the list`);
  }
});

await story('a segment opens its members', async () => {
  for (const s of segments.slice(0, 3)) {
    await page.goto(`${base}/segments?lang=zh`);
    await settled(page);
    await page.locator(`.count-link[href*="segment=${s.name}"]`).click();
    await page.waitForURL(/segment=/);
    const total = await listTotal();
    check(total === s.count, `segment ${s.name}: ${s.count} in the table, ${total} in the list`);
  }
});

await story('the levels of a tier and the cells of its matrix open their lists', async () => {
  for (const t of tiers) {
    await page.goto(`${base}/tiers/${t.name}?lang=zh`);
    await settled(page);
    const link = page.locator('table.table .count-link').first();
    const shown = Number((await link.innerText()).replace(/\D/g, ''));
    await link.click();
    await page.waitForURL(/level=/);
    const total = await listTotal();
    check(total === shown, `tier ${t.name}: ${shown} in the table, ${total} in the list`);
    await page.goto(`${base}/tiers/${t.name}?lang=zh`);
    await settled(page);
    const cell = page.locator('.matrix td a').first();
    if ((await cell.count()) === 0) continue;
    const moved = Number((await cell.innerText()).replace(/\D/g, ''));
    await cell.click();
    await page.waitForURL(/moved_from/);
    const people = await listTotal();
    check(people === moved, `moves of ${t.name}: ${moved} in the matrix, ${people} in the list`);
  }
});

await story('between two past dates the matrix and its lists agree', async () => {
  for (const t of tiers.slice(0, 2)) {
    await page.goto(`${base}/tiers/${t.name}?lang=zh&from=${overview.from}&to=${overview.to}`);
    await settled(page);
    const cell = page.locator('.matrix td a').first();
    if ((await cell.count()) === 0) continue;
    const moved = Number((await cell.innerText()).replace(/\D/g, ''));
    await cell.click();
    await page.waitForURL(/moved_from/);
    const people = await listTotal();
    check(people === moved, `past moves of ${t.name}: ${moved} in the matrix, ${people} in the list`);
  }
});

await story('the levels of a past day open the lists of that day', async () => {
  const past = await ask(`/overview?as_of=${overview.from}`);
  await page.goto(`${base}/?lang=zh&as_of=${overview.from}`);
  await settled(page);
  const t = past.tiers[0];
  const l = t?.levels.find((/** @type {any} */ x) => x.count > 0);
  if (!l) return;
  await page.locator(`.stacked a[href*="tier=${t.name}&"][href*="level=${encodeURIComponent(l.id)}"]`).first().click();
  await page.waitForURL(/as_of=/);
  const total = await listTotal();
  check(total === l.count, `past level ${t.name}/${l.id}: ${l.count} on the overview, ${total} in the list`);
});

await story('pages of a list go forth and back, and the state is in the address', async () => {
  await page.goto(`${base}/customers?lang=zh`);
  await settled(page);
  const first = await page.locator('tbody tr .who small').first().innerText();
  await page.getByRole('button', { name: /下一页/ }).click();
  await page.waitForURL(/page=2/);
  await settled(page);
  const second = await page.locator('tbody tr .who small').first().innerText();
  check(first !== second, 'the second page begins as the first');
  await page.reload();
  await settled(page);
  check((await page.locator('tbody tr .who small').first().innerText()) === second, 'a reload leaves the page');
  await page.getByRole('button', { name: /上一页/ }).click();
  await settled(page);
  check((await page.locator('tbody tr .who small').first().innerText()) === first, 'back is not where it began');
});

await story('a customer is found by number', async () => {
  await page.goto(`${base}/customers?lang=zh`);
  await settled(page);
  const box = page.getByPlaceholder(/手机号/);
  await box.fill(person);
  await box.press('Enter');
  await page.waitForURL(/search=/);
  await settled(page);
  await page.locator(`a[href*="/customers/${encodeURIComponent(person)}"]`).first().click();
  await page.waitForURL(new RegExp(`/customers/${encodeURIComponent(person)}`));
  await settled(page);
  check((await page.locator('h1').innerText()) === (detail.name || detail.id), 'another customer was opened');
});

await story('why is answered and can be closed', async () => {
  await page.goto(`${base}/customers/${encodeURIComponent(person)}?lang=zh`);
  await settled(page);
  await page.locator('.rows .link-button').first().click();
  await page.locator('.reasons .reason').first().waitFor();
  check(/why=/.test(page.url()), 'the open explanation is not in the address');
  await page.keyboard.press('Escape');
  await page.waitForURL((u) => !u.search.includes('why='));
});

await story('the timeline loads more', async () => {
  await page.goto(`${base}/customers/${encodeURIComponent(person)}?lang=zh`);
  await settled(page);
  const before = await page.locator('.timeline .event').count();
  check(before > 0, 'there are no events');
  const more = page.getByRole('button', { name: /加载更多/ });
  if ((await more.count()) === 0) return;
  await more.click();
  await page.waitForFunction((n) => document.querySelectorAll('.timeline .event').length > n, before);
});

await story('every chart can be read as a table', async () => {
  for (const where of ['/', pages.segment, pages.tag, ...tiers.map((/** @type {any} */ t) => `/tiers/${t.name}`)].filter(Boolean)) {
    await page.goto(`${base}${where}?lang=zh`);
    await settled(page);
    const toggles = page.getByRole('button', { name: '表格视图' });
    for (let i = 0; i < (await toggles.count()); i++) {
      const card = toggles.nth(i).locator('xpath=ancestor::section[1]');
      await toggles.nth(i).click();
      check((await card.locator('table tbody tr').count()) > 0, `${where}: chart ${i} has an empty table`);
    }
  }
});

await story('the language stays', async () => {
  await page.goto(`${base}/segments?lang=zh`);
  await settled(page);
  await page.locator('.lang button[lang="en"]').click();
  await page.getByRole('heading', { level: 1, name: 'Segments' }).waitFor();
  await page.goto(`${base}/tags`);
  await page.getByRole('heading', { level: 1, name: 'Tags' }).waitFor();
  await page.locator('.lang button[lang="zh-CN"]').click();
  await page.getByRole('heading', { level: 1, name: '标签' }).waitFor();
});

await story('an export is a masked CSV and is written to the audit', async () => {
  const level = overview.tiers[0]?.levels.find((/** @type {any} */ l) => l.count > 0);
  const query = level ? `tier=${overview.tiers[0].name}&level=${encodeURIComponent(level.id)}` : '';
  const got = await page.request.get(`${base}/api/v1/export?${query}`);
  const text = await got.text();
  check(got.ok() && /csv/.test(got.headers()['content-type'] ?? ''), `export: ${got.status()} ${got.headers()['content-type']}`);
  check(!/(^|\D)1[3-9]\d{9}(\D|$)/.test(text), 'the export holds a whole phone number');
  const audit = await ask('/audit');
  check(audit.items.some((/** @type {any} */ x) => x.action === 'customers.export'), 'the export is not in the audit');
});

await story('on a phone the navigation is at the bottom and opens the rest', async () => {
  await page.setViewportSize(sizes.phone);
  await page.goto(`${base}/?lang=zh`);
  await settled(page);
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('dialog').getByRole('link', { name: '标签' }).click();
  await page.waitForURL(/\/tags/);
  await settled(page);
  check((await page.locator('h1').innerText()) === '标签', 'the tags page did not open');
});

if (biggest) await definitionStories({ browser, page, base, said, settled, check, story, ask, listTotal }, biggest);

await sourceStories({ page, base, settled, check, story, ask, inspect });

await story('an open page follows what happens, without a reload and without a jump', async () => {
  const live = process.env.STRATA_LIVE?.split(' ');
  if (!live) return;
  await page.goto(`${base}/changes?lang=zh`);
  await settled(page);
  // The list is as long as it gets: the newest is another.
  const newest = () => page.locator('.changes > li').first().innerText();
  const before = await newest();
  const child = spawn(live[0] ?? '', live.slice(1), { stdio: 'ignore' });
  try {
    await page.waitForFunction(
      (text) => /** @type {HTMLElement | null} */ (document.querySelector('.changes > li'))?.innerText !== text,
      before,
      { timeout: 30_000 },
    );
    await page.goto(`${base}/tags?lang=zh`);
    await settled(page);
    const fresh = (await ask('/freshness')).publish;
    await page.waitForResponse((r) => r.url().endsWith('/api/v1/tags'), { timeout: 30_000 });
    check((await page.locator('.bone').count()) === 0, 'bones are shown while the page follows');
    check((await ask('/freshness')).publish >= fresh, 'publishes go back');
  } finally {
    child.kill('SIGINT');
  }
  await page.goto(`${base}/changes?lang=zh`);
  await settled(page);
  const who = page.locator('.change-who').first();
  const name = (await who.getAttribute('href'))?.match(/customers\/([^?]+)/)?.[1] ?? '';
  await who.click();
  await page.waitForURL(/\/customers\//);
  await settled(page);
  check((await page.locator('.changes-scroll .changes > li').count()) > 0, `${name} changed and has no history`);
});

await story('new cut points are previewed before they are made', async () => {
  const t = tiers.find((/** @type {any} */ x) => x.calibration);
  if (!t) return;
  await page.goto(`${base}/tiers/${t.name}?lang=zh`);
  await settled(page);
  await page.getByRole('button', { name: '重新校准' }).click();
  await page.locator('.cuts').waitFor();
  await page.getByRole('button', { name: '确认校准' }).click();
  await page.getByText(`已校准，现为第 ${t.calibration.version + 1} 版`).waitFor();
  check((await ask(`/tiers/${t.name}`)).calibration.version === t.calibration.version + 1, 'no new calibration is in force');
});

await story('who is signed out comes back to where they were', async () => {
  await page.goto(`${base}/segments?lang=zh`);
  await settled(page);
  await page.getByRole('button', { name: /账号/ }).click();
  await page.getByText('退出登录').click();
  await page.waitForURL(/\/login/);
  await page.goto(`${base}/tags?lang=zh`);
  await page.waitForURL(/\/login.*next=/);
  await page.getByLabel('账号', { exact: true }).fill(account);
  await page.getByLabel('密码', { exact: true }).fill('certainly wrong');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.getByRole('alert').waitFor();
  said.length = 0; // the 401 answers so far are what was asked for
  if (!password) return;
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.waitForURL((u) => u.pathname === '/tags');
  await settled(page);
});

await browser.close();
console.log(`${checks} checks, ${failures.length} failed`);
for (const f of failures) console.log(`- ${f}`);
process.exit(failures.length > 0 ? 1 : 0);
