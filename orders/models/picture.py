from django.db import models
from django.urls import reverse


class Picture(models.Model):
    """A small WebP image. `digest` is the SHA-256 of its content, in hexadecimal.

    A picture never changes, so browsers may cache it forever; another image is another row. It is
    in the database because web machines share no disk (docs/adr/0011). `width` and `height` are in
    pixels.
    """

    digest = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.digest[:8]}.webp"

    @property
    def url(self) -> str:
        """The path of the picture on our site."""
        return reverse("picture", kwargs={"digest": self.digest})
