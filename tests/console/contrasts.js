/* [text, contrast] of every element that shows text of its own, by WCAG's formula. */
() => {
  const read = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return { channels: [red, green, blue], alpha };
  };
  const luminance = (channels) => {
    const [red, green, blue] = channels.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backdrop = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const { channels, alpha } = read(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return channels;
    }
    return [255, 255, 255];
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((element) => hasText(element) && element.checkVisibility() && element.tagName !== "OPTION")
    .map((element) => {
      const [one, other] = [read(getComputedStyle(element).color).channels, backdrop(element)].map(luminance);
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      return [`${element.tagName} ${element.textContent.trim().slice(0, 40)}`, ratio];
    });
};
