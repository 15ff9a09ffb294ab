(function () {
  "use strict";
  function image(figure) { return figure.querySelector("img"); }
  function download(link, address) { link.href = address; }
  document.querySelectorAll("figure .save").forEach(function (bar) {
    var figure = bar.closest("figure"), img = image(figure);
    bar.hidden = false;
    var svg = bar.querySelector("a[data-as=svg]"), png = bar.querySelector("a[data-as=png]");
    download(svg, img.src);
    png.addEventListener("click", function (event) {
      if (png.href.indexOf("data:image/png") === 0) { return; }
      event.preventDefault();
      var scale = 3, canvas = document.createElement("canvas");
      canvas.width = img.naturalWidth * scale;
      canvas.height = img.naturalHeight * scale;
      var context = canvas.getContext("2d");
      context.fillStyle = "#ffffff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(img, 0, 0, canvas.width, canvas.height);
      download(png, canvas.toDataURL("image/png"));
      png.click();
    });
  });
})();
