/** The pages that people see: plain HTML, no script. Clicking on a person signs that person in. */
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { directoryRoles } from '../directory-roles.ts'
import type { Application } from '../world.ts'
import { askedPermissions } from './authorize.ts'
import type { Identity } from './directory.ts'
import type { LoginError } from './errors.ts'

type Html = HtmlEscapedString | Promise<HtmlEscapedString>

const roleNames = new Map<string, string>(Object.entries(directoryRoles).map(([name, id]) => [id, name]))

const page = (title: string, content: Html): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
ul.people { list-style: none; padding: 0 }
button { font: inherit; text-align: left; width: 100%; padding: .6rem .8rem; margin: .2rem 0; border: 1px solid #8a8886; border-radius: 4px; background: #fff; cursor: pointer }
button:hover, button:focus-visible { outline: 3px solid #0f6cbd; outline-offset: 1px }
small { display: block; color: #505050 }
[role=alert] { border-left: 4px solid #b10e1c; padding: .4rem .8rem; background: #fdf3f4 }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
<p><small>This is the simulated Microsoft 365 of the sandbox. Nobody here is real, and no password is asked for.</small></p>
</main>
</body>
</html>`

const alert = (error: LoginError | null): Html | string =>
  error ? html`<p role="alert">AADSTS${error.code}: ${error.message}</p>` : ''

function personButton({ user, roles, isPartner, homeTenant }: Identity, verb: string): Html {
  const notes = [
    user.userPrincipalName,
    ...(isPartner ? [`Partner technician of ${homeTenant.displayName}`] : []),
    ...(user.userType === 'Guest' ? ['Guest'] : []),
    ...roles.map((role) => roleNames.get(role) ?? 'Custom role'),
    ...(user.accountEnabled ? [] : ['Sign-in blocked']),
  ]
  return html`<li><button type="submit" name="user" value="${user.id}">${verb}${user.displayName}<small>${notes.join(' · ')}</small></button></li>`
}

export function signInPage(application: Application, people: readonly Identity[], error: LoginError | null): Html {
  return page(
    `Sign in to ${application.displayName}`,
    html`${alert(error)}
<form method="post">
<p>Choose an account:</p>
<ul class="people">${people.map((identity) => personButton(identity, ''))}</ul>
<button type="submit" name="cancel" value="true">Cancel</button>
</form>`,
  )
}

export function consentPage(application: Application, people: readonly Identity[], error: LoginError | null): Html {
  return page(
    `Permissions requested by ${application.displayName}`,
    html`${alert(error)}
<p>Accepting grants these permissions for the whole organisation. Only a Global Administrator of it can do so.</p>
${askedPermissions(application).map(
  ({ resource, kind, names }) => html`<h2>${resource}: ${kind.toLowerCase()} permissions</h2>
<ul>${names.map((name) => html`<li>${name}</li>`)}</ul>`,
)}
<form method="post">
<h2>Accept as</h2>
<ul class="people">${people.map((identity) => personButton(identity, 'Accept as '))}</ul>
<button type="submit" name="cancel" value="true">Cancel</button>
</form>`,
  )
}

export const errorPage = (error: LoginError): Html =>
  page('Sorry, but we’re having trouble signing you in', alert(error) as Html)
