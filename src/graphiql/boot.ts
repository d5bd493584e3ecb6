/** Runs in the browser: starts GraphiQL with the settings that the page carries. */
export const bootScript = `'use strict';
(() => {
  const settings = JSON.parse(document.getElementById('settings').textContent);
  self.MonacoEnvironment = {
    globalAPI: false,
    getWorkerUrl: (_, label) => settings.workers[label] ?? settings.workers.editorWorkerService,
  };
  if (settings.authorizationUrl) signIn(settings.authorizationUrl);
  YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    title: 'Tourniquet',
    endpoint: '/graphql',
    defaultTabs: settings.tabs.length > 0 ? settings.tabs : undefined,
    defaultHeaders: settings.authorizationUrl ? undefined : JSON.stringify({ authorization: 'Bearer ' }, null, 2),
    shouldPersistHeaders: Boolean(settings.authorizationUrl),
    inputValueDeprecation: true,
  });

  // Sends a fresh token with every request whose header editor holds none: a token in a tab would grow old there.
  function signIn(url) {
    const send = self.fetch.bind(self);
    let held = null;
    async function authorization() {
      if (held === null || held.until < Date.now()) {
        const answer = await send(url, { headers: { accept: 'application/json' } });
        if (!answer.ok) return null;
        held = { value: (await answer.json()).authorization, until: Date.now() + 60000 };
      }
      return held.value;
    }
    self.fetch = async (input, init) => {
      const target = new URL(input instanceof Request ? input.url : input, location.href);
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
      if (target.origin !== location.origin || target.pathname !== '/graphql' || headers.has('authorization')) {
        return send(input, init);
      }
      const value = await authorization();
      if (value !== null) headers.set('authorization', value);
      return send(input, { ...init, headers });
    };
  }
})();
`
