"""Whether everything on a page has room: nothing sticks out, and no text is cut off without saying the whole."""

from playwright.async_api import Page

LOOKS, LOOK_AGAIN_MS = 20, 250
"""How often a page that does not fit is looked at, and when again: a slow machine draws it later than it is asked."""

_LOOK = """() => {
  const faults = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const isOnCanvas = (element) => element.closest('.react-flow__viewport') !== null;
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const words = (element) => (element.innerText || element.value || '').trim().slice(0, 60);
  const isForReadersOnly = (element) => element.closest('.sr-only') !== null || element.clientWidth <= 1;
  const scrolls = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const { overflowX } = getComputedStyle(each);
      if ((overflowX === 'auto' || overflowX === 'scroll') && each.scrollWidth > each.clientWidth) return true;
    }
    return false;
  };
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('svg') || !shown(element) || isForReadersOnly(element)) continue;
    const style = getComputedStyle(element);
    const canScroll = style.overflowX === 'auto' || style.overflowX === 'scroll';
    if (canScroll && element.scrollWidth > element.clientWidth + 1 && !/^(PRE|TEXTAREA|INPUT)$/.test(element.tagName))
      faults.push(`scrolls sideways: ${words(element)}`);
    const hides = style.overflowX === 'hidden' || style.overflowX === 'clip' || style.textOverflow === 'ellipsis';
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    const isClamped = style.webkitLineClamp !== 'none' && element.scrollHeight > element.clientHeight + 1;
    const isCut = element.scrollWidth > element.clientWidth + 1 || isClamped;
    if (hides && isCut && !element.closest('[title]') && (hasText || isClamped))
      faults.push(`cut off without a title: ${words(element)}`);
    if (!hasText || isOnCanvas(element) || scrolls(element)) continue;
    const box = element.getBoundingClientRect();
    const isOutside = box.right > width + 1 || box.left < -1;
    if (box.width > 0 && isOutside) faults.push(`sticks out of the window: ${words(element)}`);
  }
  for (const button of document.querySelectorAll('button')) {
    if (!shown(button) || isOnCanvas(button) || isForReadersOnly(button)) continue;
    if (button.scrollWidth > button.clientWidth + 2 && getComputedStyle(button).overflowX === 'visible')
      faults.push(`is larger than its button: ${words(button)}`);
  }
  return [...new Set(faults)].slice(0, 8);
}"""


async def unfit(page: Page) -> list[str]:
    """Return what has no room on the page, and goes on having none while the page comes to rest."""
    found: list[str] = []
    for _ in range(LOOKS):
        found = await page.evaluate(_LOOK)
        if not found:
            break
        await page.wait_for_timeout(LOOK_AGAIN_MS)
    return found
