//! Pages by keyset: a page begins right after the last key of the one before, so that inserts between two pages neither
//! repeat nor hide a row.

use mesh_types::Direction;
use sea_orm::{
    Condition, EntityTrait, Order, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, ExprTrait, SimpleExpr, Value},
};

/// One expression that rows are ordered by. The last one of an order must tell all rows apart.
#[derive(Clone, Debug)]
pub struct SortColumn {
    expression: SimpleExpr,
    order: Order,
}

impl SortColumn {
    /// Orders by `expression`.
    pub fn new(expression: SimpleExpr, direction: Direction) -> Self {
        let order = match direction {
            Direction::Ascending => Order::Asc,
            Direction::Descending => Order::Desc,
        };
        Self { expression, order }
    }
}

/// The rows of `query` in the order of `columns`: those after the row that has the values `after` in these columns.
pub fn after_key<E: EntityTrait>(query: Select<E>, columns: Vec<SortColumn>, after: Option<Vec<Value>>) -> Select<E> {
    let query = match after {
        Some(values) => query.filter(beyond(&columns, &values)),
        None => query,
    };
    columns.into_iter().fold(query, |query, column| query.order_by(column.expression, column.order))
}

fn beyond(columns: &[SortColumn], values: &[Value]) -> Condition {
    let one_way = columns.windows(2).all(|pair| pair[0].order == pair[1].order);
    if one_way { beyond_as_one(columns, values) } else { beyond_one_by_one(columns, values) }
}

/// `(a, b, id) > (1, 2, 3)`: an index serves this as one range.
fn beyond_as_one(columns: &[SortColumn], values: &[Value]) -> Condition {
    let row = Expr::tuple(columns.iter().map(|column| column.expression.clone()));
    let last = Expr::tuple(values.iter().cloned().map(Expr::val));
    let descending = columns.first().is_some_and(|column| column.order == Order::Desc);
    Condition::all().add(if descending { row.lt(last) } else { row.gt(last) })
}

/// `a > 1 OR (a = 1 AND b < 2) OR …`: for orders in which some columns ascend and others descend.
fn beyond_one_by_one(columns: &[SortColumn], values: &[Value]) -> Condition {
    let mut any = Condition::any();
    for (index, (column, last)) in columns.iter().zip(values).enumerate() {
        let mut all = Condition::all();
        for (earlier, same) in columns[..index].iter().zip(values) {
            all = all.add(earlier.expression.clone().eq(Expr::val(same.clone())));
        }
        let (value, last) = (column.expression.clone(), Expr::val(last.clone()));
        any = any.add(all.add(if column.order == Order::Desc { value.lt(last) } else { value.gt(last) }));
    }
    any
}
