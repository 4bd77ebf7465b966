// The pad on which minutes are signed: pen, finger or mouse; what was drawn travels as a PNG with the form.
(() => {
  function ready(form) {
    const pad = form.querySelector("canvas");
    const ink = pad.getContext("2d");
    const field = form.querySelector("input[name=drawing]");
    let isDown = false;

    function at(event) {
      const box = pad.getBoundingClientRect();
      return [(event.clientX - box.left) * pad.width / box.width, (event.clientY - box.top) * pad.height / box.height];
    }

    ink.lineWidth = 4;
    ink.lineCap = ink.lineJoin = "round";
    ink.strokeStyle = "#10204a";
    pad.addEventListener("pointerdown", event => {
      isDown = true;
      pad.setPointerCapture(event.pointerId);
      ink.beginPath();
      ink.moveTo(...at(event));
      event.preventDefault();
    });
    pad.addEventListener("pointermove", event => {
      if (!isDown) return;
      ink.lineTo(...at(event));
      ink.stroke();
      field.value = "drawn";
    });
    pad.addEventListener("pointerup", () => {
      isDown = false;
      if (field.value) field.value = pad.toDataURL("image/png");
    });
    form.querySelector("[data-clear]").addEventListener("click", () => {
      ink.clearRect(0, 0, pad.width, pad.height);
      field.value = "";
    });
  }

  /** Those not yet ready: the page has others once somebody drew up a new text. */
  function all() {
    for (const form of document.querySelectorAll(".pad-form:not([data-ready])")) {
      form.dataset.ready = "";
      ready(form);
    }
  }

  all();
  document.addEventListener("htmx:afterSwap", all);
})();
