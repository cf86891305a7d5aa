import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0018_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='Option',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=40, verbose_name='name in Swedish')),
                ('name_en', models.CharField(max_length=40, verbose_name='name in English')),
                ('price', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=10, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='price including VAT')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position on the page')),
                ('on_sale', models.BooleanField(default=True, verbose_name='on sale')),
                ('sold_out', models.BooleanField(default=False, verbose_name='sold out')),
            ],
            options={
                'verbose_name': 'option',
                'verbose_name_plural': 'options',
                'ordering': ['position', 'id'],
                'permissions': [('sell_out_option', 'Can mark an option as sold out or back in stock')],
            },
        ),
        migrations.CreateModel(
            name='OptionGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=40, verbose_name='name in Swedish')),
                ('name_en', models.CharField(max_length=40, verbose_name='name in English')),
                ('minimum', models.PositiveSmallIntegerField(default=0, help_text='0 if the customer may leave it out.', verbose_name='at least')),
                ('maximum', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name='at most')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position on the page')),
            ],
            options={
                'verbose_name': 'option group',
                'verbose_name_plural': 'option groups',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='dining',
            field=models.CharField(blank=True, choices=[('eat_here', 'Eat here'), ('take_away', 'Take away')], default='', max_length=9, verbose_name='dining'),
        ),
        migrations.AddField(
            model_name='order',
            name='note',
            field=models.CharField(blank=True, default='', max_length=120, verbose_name='note'),
        ),
        migrations.AddField(
            model_name='orderrow',
            name='kind',
            field=models.CharField(choices=[('product', 'product'), ('option', 'option'), ('tip', 'tip')], default='product', max_length=7),
        ),
        migrations.AddField(
            model_name='orderrow',
            name='note',
            field=models.CharField(blank=True, default='', max_length=120, verbose_name='note'),
        ),
        migrations.AddField(
            model_name='orderrow',
            name='parent',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.orderrow'),
        ),
        migrations.AddField(
            model_name='product',
            name='allergens_declared',
            field=models.BooleanField(default=False, help_text='Tick this once all 14 have been checked. Until then, the menu refers customers to the staff.', verbose_name='allergens are declared'),
        ),
        migrations.AddField(
            model_name='product',
            name='contains',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('gluten', 'cereals containing gluten'), ('crustaceans', 'crustaceans'), ('eggs', 'eggs'), ('fish', 'fish'), ('peanuts', 'peanuts'), ('soybeans', 'soybeans'), ('milk', 'milk'), ('nuts', 'nuts'), ('celery', 'celery'), ('mustard', 'mustard'), ('sesame', 'sesame seeds'), ('sulphites', 'sulphur dioxide and sulphites'), ('lupin', 'lupin'), ('molluscs', 'molluscs')], max_length=12), blank=True, default=list, size=None, verbose_name='contains'),
        ),
        migrations.AddField(
            model_name='product',
            name='description_en',
            field=models.CharField(blank=True, default='', max_length=400, verbose_name='description in English'),
        ),
        migrations.AddField(
            model_name='product',
            name='description_sv',
            field=models.CharField(blank=True, default='', max_length=400, verbose_name='description in Swedish'),
        ),
        migrations.AddField(
            model_name='product',
            name='diets',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('vegan', 'vegan'), ('vegetarian', 'vegetarian'), ('gluten_free', 'gluten-free'), ('lactose_free', 'lactose-free')], max_length=12), blank=True, default=list, size=None, verbose_name='suitable for'),
        ),
        migrations.AddField(
            model_name='product',
            name='ingredients_en',
            field=models.CharField(blank=True, default='', max_length=600, verbose_name='ingredients in English'),
        ),
        migrations.AddField(
            model_name='product',
            name='ingredients_sv',
            field=models.CharField(blank=True, default='', max_length=600, verbose_name='ingredients in Swedish'),
        ),
        migrations.AddField(
            model_name='product',
            name='large_picture',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.picture'),
        ),
        migrations.AddField(
            model_name='product',
            name='may_contain',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('gluten', 'cereals containing gluten'), ('crustaceans', 'crustaceans'), ('eggs', 'eggs'), ('fish', 'fish'), ('peanuts', 'peanuts'), ('soybeans', 'soybeans'), ('milk', 'milk'), ('nuts', 'nuts'), ('celery', 'celery'), ('mustard', 'mustard'), ('sesame', 'sesame seeds'), ('sulphites', 'sulphur dioxide and sulphites'), ('lupin', 'lupin'), ('molluscs', 'molluscs')], max_length=12), blank=True, default=list, size=None, verbose_name='may contain'),
        ),
        migrations.AddField(
            model_name='product',
            name='take_away_vat_rate',
            field=models.DecimalField(blank=True, decimal_places=2, help_text='Leave empty if it is the same. Used only where the shop asks.', max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('99'))], verbose_name='VAT rate to take away (%)'),
        ),
        migrations.AddField(
            model_name='shop',
            name='asks_dining',
            field=models.BooleanField(default=False, help_text='Each product may have another VAT rate to take away.', verbose_name='ask whether to eat here or take away'),
        ),
        migrations.AddField(
            model_name='shop',
            name='tip_percentages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]), blank=True, default=list, help_text='For example 5, 10. Leave empty if the shop takes no tips.', size=4, verbose_name='tip offered (%)'),
        ),
        migrations.AlterField(
            model_name='orderrow',
            name='product',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.product'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('dining__in', ['', 'eat_here', 'take_away'])), name='order_dining_known'),
        ),
        migrations.AddField(
            model_name='orderrow',
            name='option',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.option'),
        ),
        migrations.AddIndex(
            model_name='orderrow',
            index=models.Index(condition=models.Q(('option__isnull', False)), fields=['option'], name='row_of_option'),
        ),
        migrations.AddConstraint(
            model_name='orderrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'product'), ('product__isnull', False), ('option', None), ('parent', None)), models.Q(('kind', 'option'), ('note', ''), ('option__isnull', False), ('parent__isnull', False), ('product__isnull', False)), models.Q(('kind', 'tip'), ('note', ''), ('product', None), ('quantity', 1), ('vat_rate', 0), ('option', None), ('parent', None)), _connector='OR'), name='row_matches_its_kind'),
        ),
        migrations.AddField(
            model_name='optiongroup',
            name='shop',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='option_groups', to='orders.shop', verbose_name='shop'),
        ),
        migrations.AddField(
            model_name='option',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='options', to='orders.optiongroup', verbose_name='option group'),
        ),
        migrations.AddField(
            model_name='product',
            name='option_groups',
            field=models.ManyToManyField(blank=True, related_name='products', to='orders.optiongroup', verbose_name='option groups'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('take_away_vat_rate', None), models.Q(('take_away_vat_rate__gte', 0), ('take_away_vat_rate__lt', 100)), _connector='OR'), name='product_take_away_vat_rate_sane'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('contains__contained_by', ['gluten', 'crustaceans', 'eggs', 'fish', 'peanuts', 'soybeans', 'milk', 'nuts', 'celery', 'mustard', 'sesame', 'sulphites', 'lupin', 'molluscs']), ('may_contain__contained_by', ['gluten', 'crustaceans', 'eggs', 'fish', 'peanuts', 'soybeans', 'milk', 'nuts', 'celery', 'mustard', 'sesame', 'sulphites', 'lupin', 'molluscs']), ('diets__contained_by', ['vegan', 'vegetarian', 'gluten_free', 'lactose_free'])), name='product_marks_known'),
        ),
        migrations.AddConstraint(
            model_name='optiongroup',
            constraint=models.CheckConstraint(condition=models.Q(('maximum__gte', 1), ('maximum__gte', models.F('minimum'))), name='option_group_maximum_not_below_minimum', violation_error_message='“At most” must not be below “at least”.'),
        ),
        migrations.AddConstraint(
            model_name='option',
            constraint=models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='option_price_not_negative'),
        ),
    ]
