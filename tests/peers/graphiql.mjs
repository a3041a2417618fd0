// A browser opens the gateway's page with a question in the link, runs it, and shows the answer; nothing it
// loads comes from another host. INTERLOCK_SCREENSHOT names a file to keep a picture in.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const gateway = new URL(process.env.INTERLOCK_URL);
const browser = await chromium.launch({
  executablePath: process.env.INTERLOCK_CHROMIUM,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Names resolve to nothing: what tries to leave the host fails, and is seen to fail below.
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${gateway.hostname}`,
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const elsewhere = [];
  const complaints = [];
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== gateway.origin) elsewhere.push(request.url());
  });
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });

  const question = 'query FromALink { __typename answered: __schema { queryType { name } } }';
  await page.goto(`${gateway.origin}/graphql?query=${encodeURIComponent(question)}`, { waitUntil: 'networkidle' });
  await page.waitForSelector('.graphiql-query-editor .CodeMirror', { timeout: 20_000 });
  const shown = await page.locator('.graphiql-query-editor .CodeMirror').innerText();
  assert.match(shown, /FromALink/, 'the query of the link stands in the editor');

  await page.click('.graphiql-execute-button');
  const answer = page.locator('.result-window');
  await page.waitForFunction(
    () => document.querySelector('.result-window')?.innerText.includes('queryType'),
    undefined,
    { timeout: 20_000 },
  );
  const text = await answer.innerText();
  assert.match(text, /"answered"/);
  assert.doesNotMatch(text, /"errors"/);

  // The documentation is drawn from introspection: it came through the limits.
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.waitForFunction(
    () => document.querySelector('.graphiql-doc-explorer')?.innerText.includes('Root Types'),
    undefined,
    { timeout: 20_000 },
  );
  if (process.env.INTERLOCK_SCREENSHOT) {
    await page.screenshot({ path: process.env.INTERLOCK_SCREENSHOT });
  }

  // A dialog is what puts style elements of its own into the page.
  await page.click('button[aria-label="Open settings dialog"]');
  await page.waitForSelector('[role="dialog"]', { timeout: 20_000 });

  assert.deepEqual(elsewhere, [], 'requests that left the host');
  assert.deepEqual(complaints, [], 'complaints of the browser');
  console.log('the page ran a query from a link; nothing came from another host');
} finally {
  await browser.close();
}
