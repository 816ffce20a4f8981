/** A turn of a conversation: what was said, and the picture that came, is waited for, or did not come. */
import type { Locator } from "playwright-core";

/** One turn. */
export class Turn {
  /** Pictures that are there. */
  readonly pictures: Locator;

  constructor(readonly item: Locator) {
    this.pictures = item.getByRole("img");
  }

  /** Resolves when the picture is there and loaded. */
  async picture(place = 0): Promise<Locator> {
    const picture = this.item.locator("figure[data-state=there]").nth(place);
    await picture.waitFor();
    return picture.getByRole("img");
  }

  /** What it says of itself while there is no picture. */
  says(words: string | RegExp): Locator {
    return this.item.getByText(words).first();
  }

  button(name: string): Locator {
    return this.item.getByRole("button", { name, exact: true });
  }

  /** Presses what stands over a picture. */
  async act(name: string, place = 0): Promise<void> {
    const figure = this.item.locator("figure").nth(place);
    await figure.hover();
    await figure.getByRole("button", { name, exact: true }).click();
  }
}
