import { expect, test } from 'vitest'
import { checkedPath, literal, path } from './path.ts'

test('a value is encoded into its segment or query', () => {
  expect(path`/users/${'adele_fabrikam.com#EXT#@contoso.com'}/messages`).toBe(
    '/users/adele_fabrikam.com%23EXT%23%40contoso.com/messages',
  )
  expect(path`/users?$filter=mail eq ${literal("o'neil/a&b@contoso.com")}`).toBe(
    "/users?$filter=mail eq 'o''neil%2Fa%26b%40contoso.com'",
  )
})

test.each(['', '..', '.', 'a/b', 'a\\b', '../me', 'a..b', 'a\u0000', 'a\nb', ' a', 'x'.repeat(513)])(
  'an id of another form is refused: %j',
  (id) => {
    expect(() => path`/users/${id}`).toThrow(expect.objectContaining({ kind: 'BAD_REQUEST', mayHaveActed: false }))
  },
)

test.each([
  'users',
  '//evil.example.com/x',
  '/users/../me',
  '/users/%2e%2E/me',
  '/users/a%2fb',
  '/a\\b',
  '/a#b',
  '/a\r\nb',
  'https://a/b',
])('a path that could leave its root is refused: %j', (given) => {
  expect(() => checkedPath(given)).toThrow(expect.objectContaining({ kind: 'BAD_REQUEST' }))
})

test('an address inside a query stays there', () => {
  expect(checkedPath("/users?$filter=x eq 'https://contoso.com/a'")).toBe(
    '/users?$filter=x%20eq%20%27https:%2F%2Fcontoso.com/a%27',
  )
})
