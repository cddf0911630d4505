// What people do with definitions: read one, ask why, write one, see whom it
// moves, publish it; and look at a business whose data ended long ago.
import process from 'node:process';

/**
 * @typedef {object} Stage
 * @property {import('playwright-core').Browser} browser
 * @property {import('playwright-core').Page} page
 * @property {string} base
 * @property {string[]} said what the page complained of; emptied where it is meant to
 * @property {(page: import('playwright-core').Page) => Promise<void>} settled
 * @property {(ok: boolean, what: string) => void} check
 * @property {(name: string, run: () => Promise<void>) => Promise<void>} story
 * @property {(url: string) => Promise<any>} ask
 * @property {() => Promise<number>} listTotal
 */

const number = (/** @type {string} */ words) => Number(words.replace(/[^\d]/g, ''));

/** @param {Stage} stage @param {any} segment one that somebody is in */
export async function definitionStories({ browser, page, base, said, settled, check, story, ask, listTotal }, segment) {
  /** Replaces the text in the editor. @param {string} text */
  const write = async (text) => {
    await page.locator('.cm-content').click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(text);
  };

  await story('a definition is read from the page of its segment, and tells why', async () => {
    await page.goto(`${base}/segments/${segment.name}?lang=zh`);
    await settled(page);
    await page.locator('.head .actions a', { hasText: '定义' }).click();
    await page.waitForURL(/\/definition/);
    await settled(page);
    const d = await ask(`/definitions/segment/${segment.name}`);
    check((await page.locator('.says').first().innerText()).trim() === d.sentence.zh, 'the definition says something else than the API');
    check(number(await page.locator('.tile-value').first().innerText()) === d.count, 'the page counts other people');
    check(/\d{4}-\d\d-\d\d/.test(d.sentence.zh) || !/近\d/.test(d.sentence.zh), `no dates in ${d.sentence.zh}`);
    const s = await ask(`/definitions/segment/${segment.name}/samples`);
    const lists = page.locator('.samples');
    check((await lists.nth(0).locator('li').count()) === s.matching.length && s.matching.length === Math.min(10, d.count), 'not ten who match');
    check((await lists.nth(1).locator('li').count()) === s.others.length && s.others.length > 0, 'nobody who does not match');
    for (const [i, truth] of /** @type {const} */ ([[0, 'yes'], [1, 'no']])) {
      await lists.nth(i).locator('.link-button').first().click();
      await page.locator('.reasons .reason.root').waitFor();
      check(await page.locator(`.reasons .reason.root.${truth}`).isVisible(), `the reason of list ${i} is not ${truth}`);
      await page.keyboard.press('Escape');
      await page.locator('.reasons').waitFor({ state: 'detached' });
    }
  });

  await story('a segment is written, corrected, previewed and published', async () => {
    await page.goto(`${base}/segments?lang=zh`);
    await settled(page);
    await page.locator('.head .actions a', { hasText: '新建' }).click();
    await page.waitForURL(/new-segment/);
    await page.locator('.cm-content').waitFor();
    await page.locator('.checked [role="status"].good').waitFor();
    check(await page.locator('.says').first().isVisible(), 'the template says nothing');
    const text = (/** @type {string} */ event) =>
      `segments:\n  browser_test:\n    name: {zh: 浏览器测试, en: Browser test}\n    owner: test\n    purpose: test\n    consumer: test\n    where:\n      event: ${event}\n      within: 60d\n`;
    const preview = page.getByRole('button', { name: '预览变化' });
    await write(text('order_payed'));
    await page.locator('.problems.bad').waitFor();
    check((await page.locator('.problems .link-button').first().innerText()) === '第 8 行', 'the problem is not told at its line');
    check((await page.locator('.cm-lintRange-error').first().innerText()).startsWith('event: order_payed'), 'the problem is not marked where it stands');
    check(await preview.isDisabled(), 'a wrong text can be previewed');
    await write(text('order_paid'));
    await page.locator('.checked [role="status"].good').waitFor();
    check(/60/.test(await page.locator('.meaning .says').innerText()), 'the sentence is not that of the text');
    await preview.click();
    await page.getByRole('button', { name: '发布', exact: true }).waitFor(); // the estimate has given way to the exact numbers
    const counts = page.locator('.plan-counts dd');
    const after = number((await counts.nth(0).locator('b').innerText()) || '0');
    check(after > 0 && number(await counts.nth(1).innerText()) === after, 'those who enter a new segment are not its members');

    await write(text('order_paid').replace('60d', '61d'));
    await page.getByRole('button', { name: '重新预览' }).waitFor();
    check((await page.getByRole('button', { name: '发布', exact: true }).count()) === 0, 'an old preview can be published');
    await write(text('order_paid'));
    await page.getByRole('button', { name: '发布', exact: true }).click();
    await page.getByRole('button', { name: '确认发布' }).click();
    await page.waitForURL(/\/segments\/browser_test\/definition/);
    await settled(page);
    const d = await ask('/definitions/segment/browser_test');
    check(d.count === after && number(await page.locator('.tile-value').first().innerText()) === after, `preview ${after}, published ${d.count}`);
    await page.locator('.tile-value a').first().click();
    await page.waitForURL(/segment=browser_test/);
    check((await listTotal()) === after, 'the list holds others');
    const entry = (await ask('/audit')).items.find((/** @type {any} */ x) => x.action === 'definitions.apply');
    check(entry?.object === 'segment browser_test', 'publishing is not in the audit');
  });

  await story('a plan that was overtaken is not published', async () => {
    await page.goto(`${base}/segments/browser_test/edit?lang=zh`);
    await page.locator('.cm-content').waitFor();
    const { yaml } = await ask('/definitions/segment/browser_test');
    await write(yaml.replace('60d', '90d'));
    await page.locator('.checked [role="status"].good').waitFor();
    await page.getByRole('button', { name: '预览变化' }).click();
    await page.getByRole('button', { name: '发布', exact: true }).waitFor();
    const send = async (/** @type {string} */ path, /** @type {any} */ data) => (await page.request.post(`${base}/api/v1/definitions/${path}`, { data })).json();
    const other = await send('preview', { yaml: yaml.replace('60d', '30d') });
    const applied = await send('apply', { plan: other.plan });
    check(applied.definitions?.length === 1, `the other plan was not published: ${JSON.stringify(applied)}`);
    await page.getByRole('button', { name: '发布', exact: true }).click();
    await page.getByRole('button', { name: '确认发布' }).click();
    await page.getByText('没有发布').waitFor();
    said.length = 0; // the 409 is what was asked for
    const d = await ask('/definitions/segment/browser_test');
    check(/30d/.test(d.yaml) && d.versions.length === 2, 'an overtaken plan was published');
    await page.getByRole('button', { name: '载入最新版本' }).click();
    await page.waitForFunction(() => document.querySelector('.cm-content')?.textContent?.includes('30d'));
    await write('segments: {}\n');
    await page.locator('.side a', { hasText: '标签' }).click();
    await page.getByText('放弃未发布的修改').waitFor();
    await page.getByRole('button', { name: '继续编辑' }).click();
    check(/\/edit/.test(page.url()), 'the editor was left');
    await page.locator('.side a', { hasText: '标签' }).click();
    await page.locator('.ant-modal-footer .ant-btn').last().click();
    await page.waitForURL(/\/tags/);
  });

  await story('a past day stays from page to page, until one goes back to now', async () => {
    const day = (await ask('/overview')).from;
    await page.goto(`${base}/segments?lang=zh&as_of=${day}`);
    await settled(page);
    const past = (await ask(`/segments?as_of=${day}`)).find((/** @type {any} */ s) => s.name === segment.name);
    check(number(await page.locator(`.count-link[href*="segment=${segment.name}"]`).innerText()) === past.count, 'the list of segments is not of that day');
    await page.locator(`.count-link[href*="segment=${segment.name}"]`).click();
    await page.waitForURL(/segment=.*as_of=|as_of=.*segment=/);
    check((await listTotal()) === past.count, 'the list of people is not of that day');
    await page.getByRole('button', { name: '回到现在' }).click();
    await page.waitForURL((u) => !u.search.includes('as_of'));
    check((await listTotal()) === (await ask(`/customers?segment=${segment.name}`)).total, 'now is not now');
  });

  await story('a sign-in link that is no good any more says so', async () => {
    const stranger = await browser.newContext({ locale: 'zh-CN' });
    try {
      const door = await stranger.newPage();
      for (const [lang, words] of /** @type {const} */ ([['zh', '这个登录链接已失效'], ['en', 'This sign-in link is no longer good']])) {
        await door.goto(`${base}/login?lang=${lang}`);
        await settled(door);
        await door.goto(`${base}/sign-in?token=used-up`);
        await door.getByText(words).waitFor();
        check(new URL(door.url()).pathname === '/login', `a refused link leads to ${door.url()}`);
      }
    } finally {
      await stranger.close();
    }
  });

  const old = process.env.STRATA_OLD_SIGN_IN;
  if (!old) return;
  await story('data that ended long ago are shown as of the day after their last', async () => {
    const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } });
    try {
      const visitor = await context.newPage();
      await visitor.goto(old);
      await settled(visitor);
      const there = new URL(old).origin;
      const set = await visitor.request.put(`${there}/api/v1/session/password`, { data: { password: `old-${Date.now()}-data` } });
      check(set.ok(), 'the password of the old business was not set');
      for (const where of ['/', '/segments', '/tiers']) {
        await visitor.goto(`${there}${where}?lang=zh`);
        await settled(visitor);
        check(/数据止于 2011年12月9日/.test(await visitor.locator('.asof').innerText()), `${where}: no word of the old data`);
      }
      await visitor.getByRole('button', { name: '按该日查看' }).click();
      await visitor.waitForURL(/as_of=2011-12-10/);
      await settled(visitor);
      const people = (await (await visitor.request.get(`${there}/api/v1/tiers?as_of=2011-12-10`)).json()).reduce((/** @type {number} */ n, /** @type {any} */ t) => n + t.customers, 0);
      check(people > 0, 'nobody has a level on that day');
      await visitor.goto(`${there}/?lang=en`);
      await settled(visitor);
      check(/data end on 9 Dec 2011/.test(await visitor.locator('.asof').innerText()), 'no English word of the old data');
    } finally {
      await context.close();
    }
  });
}
