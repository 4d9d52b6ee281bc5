/** How an edge runs: down from its way out, across right above its target, or in a lane past a path; pure. */

interface Ends {
  sourceX: number
  sourceY: number
  targetX: number
  targetY: number
}

type Point = [number, number]

const CORNER = 12
/** How far above its target an edge goes across. */
const ABOVE = 42
const BELOW = 14

/** The corners of an edge that leads down; nothing where its target stands too high for that. */
export function cornersOf(
  { sourceX, sourceY, targetX, targetY }: Ends,
  lane: number | undefined,
): Point[] | null {
  if (targetY < sourceY + BELOW) return null
  const across = Math.max(targetY - ABOVE, sourceY + (targetY - sourceY) / 2)
  if (lane !== undefined)
    return [
      [sourceX, sourceY],
      [sourceX, sourceY + BELOW],
      [lane, sourceY + BELOW],
      [lane, across],
      [targetX, across],
      [targetX, targetY],
    ]
  return [
    [sourceX, sourceY],
    [sourceX, across],
    [targetX, across],
    [targetX, targetY],
  ]
}

/** The path along the corners, rounded. */
export function pathAlong(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  const parts = [`M ${first[0]} ${first[1]}`]
  for (const [index, [x, y]] of rest.entries()) {
    const [fromX, fromY] = points[index] as Point
    const following = points[index + 2]
    if (!following) {
      parts.push(`L ${x} ${y}`)
      break
    }
    const before = Math.hypot(x - fromX, y - fromY)
    const after = Math.hypot(following[0] - x, following[1] - y)
    const round = Math.min(CORNER, before / 2, after / 2)
    const towards = (length: number, to: Point): Point =>
      length === 0 ? [x, y] : [x + ((to[0] - x) * round) / length, y + ((to[1] - y) * round) / length]
    const [startX, startY] = towards(before, [fromX, fromY])
    const [endX, endY] = towards(after, following)
    parts.push(`L ${startX} ${startY} Q ${x} ${y} ${endX} ${endY}`)
  }
  return parts.join(' ')
}
