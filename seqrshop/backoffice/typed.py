"""Django's admin classes, subscriptable by their model as the type stubs have them."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.forms import models

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import ModelForm
    from django.forms.models import BaseInlineFormSet
else:

    class _Subscriptable:
        def __class_getitem__(cls, model):
            return cls

    class ModelAdmin(_Subscriptable, admin.ModelAdmin):
        """`ModelAdmin[Order]` is the plain ModelAdmin when it runs."""

    class TabularInline(_Subscriptable, admin.TabularInline):
        """`TabularInline[OrderRow, Order]` is the plain TabularInline when it runs."""

    class BaseInlineFormSet(_Subscriptable, models.BaseInlineFormSet):
        """`BaseInlineFormSet[Product, Service, ProductForm]` is the plain one when it runs."""

    class ModelForm(_Subscriptable, forms.ModelForm):
        """`ModelForm[Order]` is the plain ModelForm when it runs."""


__all__ = ["BaseInlineFormSet", "ModelAdmin", "ModelForm", "TabularInline"]
