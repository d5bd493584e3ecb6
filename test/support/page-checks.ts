/** What every page owes to whoever reads it, also by keyboard or by ear. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2, AA, for text of normal size. */
const contrastMin = 4.5

/** Fails unless the page has its language, one heading, named controls, and text that stands out from what is behind it. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  expect(await page.getByRole('main').count()).toBe(1)
  expect(await page.locator('h1').count()).toBe(1)
  expect(await page.title()).toBe(`${await page.locator('h1').innerText()} – Tourniquet`)
  for (const role of ['button', 'link', 'textbox'] as const) {
    expect(await page.getByRole(role, { name: /\S/ }).count()).toBe(await page.getByRole(role).count())
  }
  const texts = await page.evaluate<PaintedText[]>(paintedTexts)
  expect(texts.length).toBeGreaterThan(3)
  expect(texts.filter(({ ink, paper }) => contrastOf(ink, paper) < contrastMin)).toEqual([])
}

/** Goes there by Tab alone. Throws when the control is not reached. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 10; presses += 1) {
    await page.keyboard.press('Tab')
    if ((await page.locator(':focus').allInnerTexts())[0] === name) return
  }
  throw new Error(`"${name}" is not reached by Tab.`)
}

interface PaintedText {
  text: string
  /** E.g. `rgb(29, 35, 41)`. */
  ink: string
  /** The first opaque colour behind it. */
  paper: string
}

/** Runs in the page: each element that holds text of its own. */
const paintedTexts = `
(() => {
  const isOpaque = (colour) => colour.startsWith('rgb(')
  const behind = (element) => {
    const colour = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)'
    return isOpaque(colour) ? colour : behind(element.parentElement)
  }
  const ownText = (element) => [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data).join('').trim()
  return [...document.body.querySelectorAll('*')]
    .filter((element) => ownText(element) !== '')
    .map((element) => ({ text: ownText(element), ink: getComputedStyle(element).color, paper: behind(element) }))
})()`

function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Relative luminance of an opaque colour. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? [])
    .map((value) => Number(value) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
