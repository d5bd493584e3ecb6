/** `node bench/chart.ts RESULT.json OUT.svg`: ours, the bound and the peers, from what `npm run bench -- pages --json` printed. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Judged } from './goals.ts'

const [file = '', out = ''] = process.argv.slice(2)
const { benches } = JSON.parse(readFileSync(file, 'utf8')) as { benches: { lines: Judged[] }[] }
const suffix = ': CPU of a page, ms'
const bars = benches
  .flatMap(({ lines }) => lines)
  .filter(({ what }) => what.endsWith(suffix))
  .map(({ what, spread }) => ({ name: what.slice(0, -suffix.length), ...spread }))
  .toSorted((a, b) => a.median - b.median)
const most = Math.max(...bars.map(({ max }) => max))
const x = (value: number): string => (150 + (value / most) * 400).toFixed(1)
const rows = bars.map(({ name, median, min, max }, index) => {
  const y = 46 + index * 34
  const fill = name === 'ours' ? '#0f766e' : '#94a3b8'
  return `<text x="142" y="${y + 15}" text-anchor="end">${name}</text>
<rect x="150" y="${y}" width="${(Number(x(median)) - 150).toFixed(1)}" height="22" fill="${fill}"/>
<path d="M${x(min)} ${y + 11}H${x(max)}" stroke="#0f172a"/>
<text x="${(Number(x(max)) + 8).toFixed(1)}" y="${y + 15}">${median.toFixed(1)} ms</text>`
})
const height = 56 + bars.length * 34
writeFileSync(
  out,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${height}" font-family="sans-serif" font-size="13" role="img">
<title>CPU time of a page of 50 events</title>
<rect width="640" height="${height}" fill="#fff"/>
<text x="16" y="26" font-size="15">CPU time of a page of 50 events: median, least and most of the rounds</text>
${rows.join('\n')}
</svg>
`,
)
