/** Runs in the browser: starts GraphiQL with the settings that the page carries. */
export const bootScript = `'use strict';
(() => {
  const settings = JSON.parse(document.getElementById('settings').textContent);
  self.MonacoEnvironment = {
    globalAPI: false,
    getWorkerUrl: (_, label) => settings.workers[label] ?? settings.workers.editorWorkerService,
  };
  if (settings.authorizationUrl) signIn(settings.authorizationUrl);
  if (settings.tabs.length > 0) prepareTabs();
  YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    title: 'Tourniquet',
    endpoint: '/graphql',
    defaultTabs: settings.tabs.length > 0 ? settings.tabs : undefined,
    defaultHeaders: settings.authorizationUrl ? undefined : JSON.stringify({ authorization: 'Bearer ' }, null, 2),
    shouldPersistHeaders: Boolean(settings.authorizationUrl),
    inputValueDeprecation: true,
  });

  function prepareTabs() {
    // The browser keeps tabs: those of an earlier sandbox at this address name events that may be gone.
    if (localStorage.getItem('tourniquet:tabs') !== settings.tabsVersion) {
      for (const name of ['tabState', 'query', 'variables', 'headers']) localStorage.removeItem('graphiql:' + name);
      localStorage.setItem('tourniquet:tabs', settings.tabsVersion);
    }
    // GraphiQL looks here, not into its tabs, for what to begin with, and takes a part that is missing for another tab.
    const isNew = localStorage.getItem('graphiql:tabState') === null;
    if (isNew && !new URL(location.href).searchParams.has('query')) {
      for (const name of ['query', 'variables']) localStorage.setItem('graphiql:' + name, settings.tabs[0][name]);
    }
  }

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
